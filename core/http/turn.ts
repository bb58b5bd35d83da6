import { setImmediate } from 'node:timers';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Hands over together what comes in during one turn of the event loop: at its end, in order.
 *
 * @example const add = eachTurn<string>((lines) => console.log(lines.length)); add('a'); add('b'); // 2
 */
export function eachTurn<T>(handle: (items: readonly T[]) => void): (item: T) => void {
  let items: T[] = [];
  const end = () => {
    const all = items;
    items = [];
    handle(all);
  };
  return (item) => {
    if (items.push(item) === 1) setImmediate(end);
  };
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Resolves in a turn of the event loop that no other caller is given: work that takes a while each, asked for by many at
 * once, leaves room for everything else in between.
 */
export function ownTurn(): Promise<void> {
  const mine = last.then(() => nextTurn());
  last = mine;
  return mine;
}
