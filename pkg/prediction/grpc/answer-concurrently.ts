/**
 * Answers the requests of a stream, several at once, in the order in which the answers are ready.
 *
 * Reading pauses while `max` requests are under way or answered but not taken, so that a caller who does not read its answers
 * cannot fill our memory. When the taker leaves, reading stops.
 *
 * @param answer - Must not reject: a failed request is an answer too.
 * @throws What reading the requests throws, after the answers that are under way.
 */
export async function* answerConcurrently<Q, A>(
  requests: AsyncIterable<Q>,
  answer: (request: Q) => Promise<A>,
  max: number,
): AsyncGenerator<A> {
  const meeting = new Rendezvous();
  let ready: A[] = [];
  let open = 0;
  let isReading = true;
  let isTaken = true;
  let failure: { readonly error: unknown } | undefined;
  const read = async (): Promise<void> => {
    try {
      for await (const request of requests) {
        open += 1;
        void answer(request).then((value) => {
          ready.push(value);
          meeting.wake('taker');
        });
        while (open >= max && isTaken) await meeting.sleep('reader');
        if (!isTaken) break;
      }
    } catch (error) {
      failure = { error };
    }
    isReading = false;
    meeting.wake('taker');
  };
  const reading = read();
  try {
    while (isReading || open > 0) {
      if (ready.length === 0) {
        await meeting.sleep('taker');
        continue;
      }
      const batch = ready;
      ready = [];
      for (const value of batch) {
        yield value;
        open -= 1;
        meeting.wake('reader');
      }
    }
    await reading;
    if (failure !== undefined) throw failure.error;
  } finally {
    isTaken = false;
    meeting.wake('reader');
  }
}

/** Lets each of two sides sleep until the other wakes it. Waking one that does not sleep does nothing. */
class Rendezvous {
  readonly #asleep = new Map<'reader' | 'taker', () => void>();

  sleep(side: 'reader' | 'taker'): Promise<void> {
    return new Promise((resolve) => this.#asleep.set(side, resolve));
  }

  wake(side: 'reader' | 'taker'): void {
    const resolve = this.#asleep.get(side);
    this.#asleep.delete(side);
    resolve?.();
  }
}
