const OPEN_RUNS = 0;
const IS_CLOSED = 1;

/** Longest that a process which exits waits for a run. */
const EXIT_WAIT_MS = 10_000;

/**
 * Says across threads whether native code runs on a worker: a thread that is ended while ONNX Runtime runs on it takes the
 * whole process down (abort, no exit code of ours). A process that exits closes every gate first and waits for the runs under way.
 */
export class RunGate {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** @param memory - That of the gate on the other side; a new one where absent. */
  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  /** Begins a run. @returns False when the gate is closed; nothing may run then. */
  enter(): boolean {
    Atomics.add(this.#words, OPEN_RUNS, 1);
    if (Atomics.load(this.#words, IS_CLOSED) === 0) return true;
    this.leave();
    return false;
  }

  /** Ends a run. */
  leave(): void {
    if (Atomics.sub(this.#words, OPEN_RUNS, 1) === 1) Atomics.notify(this.#words, OPEN_RUNS);
  }

  /** Lets nothing in any more and holds this thread until nothing runs, at most so long. @returns Whether nothing runs. */
  closeAndWait(timeoutMs: number): boolean {
    Atomics.store(this.#words, IS_CLOSED, 1);
    for (;;) {
      const open = Atomics.load(this.#words, OPEN_RUNS);
      if (open === 0) return true;
      if (Atomics.wait(this.#words, OPEN_RUNS, open, timeoutMs) === 'timed-out') return false;
    }
  }
}

const gates = new Set<RunGate>();

function closeAll(): void {
  for (const gate of gates) gate.closeAndWait(EXIT_WAIT_MS);
}

/** Closes the gate when the process exits. @returns Undoes that, for a worker that has ended. */
export function closeAtExit(gate: RunGate): () => void {
  if (gates.size === 0) process.once('exit', closeAll);
  gates.add(gate);
  return () => {
    gates.delete(gate);
    if (gates.size === 0) process.off('exit', closeAll);
  };
}
