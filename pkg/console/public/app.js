import { forgetColours } from './colours.js';
import { follow } from './connection.js';
import { CountsView } from './counts-view.js';
import { byId, setText } from './dom.js';
import { age, dateAndTime, UNKNOWN } from './format.js';
import { FeaturesView } from './features-view.js';
import { LatencyView } from './latency-view.js';
import { showModels } from './models-view.js';
import { PredictionView } from './prediction-view.js';
import { PriceView } from './price-view.js';
import { ProbabilityView } from './probability-view.js';
import { ScoreView } from './score-view.js';
import { Store } from './store.js';
import { SymbolsView } from './symbols-view.js';
import { watchTheme } from './theme.js';

/** @import { ConsoleAbout, ModelCard } from '../messages.ts' */

/** What each state of the connection is called. */
const STATES = {
  connecting: 'connecting',
  live: 'live',
  stale: 'stale: the server is silent',
  lost: 'disconnected, trying again',
};

const store = new Store();
/** @type {ConsoleAbout | undefined} */
let about;
/** @type {readonly ModelCard[]} */
let models = [];
/** Digests that `models` was asked for at. */
let modelsKey = '';
/** What the models panel says while there is none. */
let saidOfModels = '';
let connection = 'connecting';
let lastFrameMs = performance.now();
let isDrawPending = false;

const symbols = new SymbolsView((symbol) => {
  setText(byId('announce'), `Showing ${symbol}`);
  draw();
});
const price = new PriceView();
const probability = new ProbabilityView();
const prediction = new PredictionView();
const features = new FeaturesView();
const score = new ScoreView();
const latency = new LatencyView();
const counts = new CountsView();

/** What is going on while there is nothing to show. */
function waiting() {
  if (store.frame === undefined) return 'Connecting to the server.';
  const { models, modelStatus } = store.frame;
  const { isTraining, text } = modelStatus;
  const detail = text === '' ? '' : ` (${text})`;
  if (isTraining) {
    return `Training the first model on the past of this stream${detail}: predictions start when it is ready.`;
  }
  if (models.length === 0) return `No model is served${detail}: predictions need one.`;
  if (store.symbols.size === 0) return 'No data yet: waiting for the first event.';
  return 'Waiting for the next bar to close: the first prediction comes with it.';
}

/** Draws once a frame of the screen at most, however many messages came. */
function scheduleDraw() {
  if (isDrawPending) return;
  isDrawPending = true;
  requestAnimationFrame(() => {
    isDrawPending = false;
    draw();
  });
}

/** How long the server has been silent, milliseconds; 0 while it is not: what is shown goes on growing older. */
const silence = () => (connection === 'lost' || connection === 'stale' ? performance.now() - lastFrameMs : 0);

function draw() {
  const { frame } = store;
  const silentMs = silence();
  const marketTimeMs = frame?.marketTimeMs ?? null;
  const marketNowMs = marketTimeMs === null ? null : marketTimeMs + silentMs;
  symbols.update(store.symbols);
  const state = store.symbols.get(symbols.selected);
  price.update(state);
  probability.update(state, about, models[0], waiting());
  prediction.update(state, frame, models[0], waiting(), marketNowMs);
  features.update(state, about, marketNowMs);
  score.update(frame?.scores[0], waiting());
  latency.update(frame);
  counts.update(frame, silentMs);
  if (models.length === 0 && saidOfModels !== waiting()) {
    saidOfModels = waiting();
    showModels(models, saidOfModels);
  }
  setText(byId('market-time'), marketTimeMs === null ? UNKNOWN : dateAndTime(marketTimeMs));
}

/** @param {string} path */
async function fetchJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} must answer, was ${response.status}`);
  return response.json();
}

/** Asks for what seldom changes. A failure is no news: the connection shows it, and the next snapshot asks again. */
async function refreshAbout() {
  const news = await fetchJson('/console/about').catch(() => undefined);
  if (news === undefined) return;
  // The server was replaced by another version while this page was open.
  if (about !== undefined && about.version !== news.version) location.reload();
  about = news;
  setText(byId('source'), news.source);
  setText(byId('version'), `Tradewind ${news.version}.`);
  scheduleDraw();
}

/** @param {string} key */
async function refreshModels(key) {
  modelsKey = key;
  const news = await fetchJson('/console/models').catch(() => undefined);
  if (news === undefined) modelsKey = '';
  else models = news.models;
  saidOfModels = waiting();
  showModels(models, saidOfModels);
  scheduleDraw();
}

function showConnection() {
  const pill = byId('connection');
  pill.dataset['state'] = connection;
  setText(byId('connection-text'), STATES[/** @type {keyof typeof STATES} */ (connection)]);
  const notice = byId('notice');
  const isDown = connection === 'lost' || connection === 'stale';
  notice.hidden = !isDown || store.frame === undefined;
  byId('main').classList.toggle('old', !notice.hidden);
  if (notice.hidden) return;
  setText(
    notice,
    `No connection: what you see is ${age(silence())} old. The page goes on by itself when the server is back.`,
  );
  scheduleDraw();
}

watchTheme(() => {
  forgetColours();
  price.redraw();
  probability.redraw();
});
follow({
  onFrame(frame, isSnapshot) {
    lastFrameMs = performance.now();
    store.apply(frame, isSnapshot);
    if (isSnapshot) void refreshAbout();
    const key = frame.models.join();
    if (isSnapshot || key !== modelsKey) void refreshModels(key);
    scheduleDraw();
  },
  onState(state) {
    connection = state;
    setText(byId('announce'), `Connection: ${STATES[state]}`);
    showConnection();
  },
});
setInterval(showConnection, 1000);
draw();
