import { setImmediate } from 'node:timers';

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
