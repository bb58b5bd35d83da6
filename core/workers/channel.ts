/** What is needed to talk to another process. */
export interface Port {
  send(message: unknown, done: (error: Error | null) => void): unknown;
  onMessage(receive: (message: unknown) => void): void;
}

/** What one side can be asked: by name, what the question carries and what is answered. */
export type Questions = { readonly [name: string]: (ask: never) => unknown };

type Ask<Q extends Questions, Name extends keyof Q> = Parameters<Q[Name]>[0];
type Answer<Q extends Questions, Name extends keyof Q> = ReturnType<Q[Name]>;

/** How one side answers; a throw goes back to whoever asked. */
export type Answers<Q extends Questions> = {
  readonly [Name in keyof Q]: (ask: Ask<Q, Name>) => Answer<Q, Name> | Promise<Answer<Q, Name>>;
};

/** Questions to the process at the other end. */
export interface Channel<Theirs extends Questions> {
  /** @throws what the other side threw, as an Error with its message; when it is gone, an Error that says so */
  ask<Name extends keyof Theirs & string>(name: Name, ask: Ask<Theirs, Name>): Promise<Answer<Theirs, Name>>;
  /** The other side is gone: whoever waits for an answer is told, and nothing more is asked. */
  close(reason: string): void;
}

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly body: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly body?: unknown; readonly fault?: string };

interface Waiting {
  resolve(body: never): void;
  reject(error: Error): void;
}

/**
 * Questions and answers between two processes. Every question is answered, so whoever asks knows how much is under way.
 *
 * @example const channel = createChannel<Primary, Worker>(port, { stop: async (ms) => server.stop(deadlineIn(ms)) });
 */
export function createChannel<Theirs extends Questions, Mine extends Questions>(
  port: Port,
  answers: Answers<Mine>,
): Channel<Theirs> {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let closed: string | undefined;

  // Without a callback a send to a process that has just ended would be an unhandled error.
  const send = (message: Message, failed: (error: Error) => void = () => {}) => {
    if (closed === undefined) port.send(message, (error) => error !== null && failed(error));
  };

  async function answer(id: number, name: string, body: unknown): Promise<void> {
    try {
      if (!Object.hasOwn(answers, name)) throw new Error(`nobody answers ${name}`);
      send({ kind: 'answer', id, body: await answers[name]!(body as never) });
    } catch (error) {
      send({ kind: 'answer', id, fault: error instanceof Error ? error.message : String(error) });
    }
  }

  port.onMessage((received) => {
    const message = received as Message;
    if (message.kind === 'ask') return void answer(message.id, message.name, message.body);
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.fault === undefined) asked?.resolve(message.body as never);
    else asked?.reject(new Error(message.fault));
  });

  return {
    ask(name, body) {
      return new Promise((resolve, reject) => {
        if (closed !== undefined) return reject(new Error(closed));
        const id = ++last;
        waiting.set(id, { resolve, reject });
        send({ kind: 'ask', id, name, body }, (error) => {
          waiting.delete(id);
          reject(error);
        });
      });
    },
    close(reason) {
      closed ??= reason;
      for (const { reject } of waiting.values()) reject(new Error(reason));
      waiting.clear();
    },
  };
}
