/** @import { Frame } from '../messages.ts' */

/** Frames come four times a second: after so long without one something is wrong. */
const STALE_MS = 3000;
/** And after so long a new connection is better than waiting. */
const GIVE_UP_MS = 8000;
const RETRY_MS = 1000;

/**
 * Follows the server's events for as long as the page lives, over restarts of the server.
 *
 * @param {object} handlers
 * @param {(frame: Frame, isSnapshot: boolean) => void} handlers.onFrame
 * @param {(state: 'connecting' | 'live' | 'stale' | 'lost') => void} handlers.onState - Told on a change.
 */
export function follow({ onFrame, onState }) {
  /** @type {EventSource | undefined} */
  let source;
  let lastFrameMs = performance.now();
  let openedMs = performance.now();
  /** @type {string} */
  let state = 'connecting';

  /** @param {'connecting' | 'live' | 'stale' | 'lost'} next */
  const become = (next) => {
    if (next === state) return;
    state = next;
    onState(next);
  };

  const open = () => {
    source?.close();
    openedMs = performance.now();
    const opened = new EventSource('/console/events');
    source = opened;
    for (const kind of ['snapshot', 'delta']) {
      opened.addEventListener(kind, (event) => {
        lastFrameMs = performance.now();
        become('live');
        onFrame(JSON.parse(event.data), kind === 'snapshot');
      });
    }
    // The browser's own way of coming back ends at the first answer that is not a stream, so it is not relied on.
    opened.addEventListener('error', () => {
      opened.close();
      become('lost');
    });
  };

  setInterval(() => {
    const now = performance.now();
    const quietMs = now - Math.max(lastFrameMs, openedMs);
    if (source === undefined || now - openedMs < RETRY_MS) return;
    if (source.readyState === EventSource.CLOSED || quietMs > GIVE_UP_MS) open();
    else if (quietMs > STALE_MS && state === 'live') become('stale');
  }, 250);
  // A page that is left lets go of its place; a page that is come back to takes one again.
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', (event) => {
    if (event.persisted) open();
  });
  open();
}
