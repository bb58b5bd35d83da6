import type { Event } from '../event/event.ts';

/** A place in the tree of answers: the outputs that wanted the event so far. */
interface Fork {
  readonly names: readonly string[];
  wanted?: Fork;
  unwanted?: Fork;
}

/**
 * Asks every route of an event. The same set of outputs is always the same array, so that the journal can keep one
 * note of it; the sets are found by walking a tree of yes and no, which makes no key per event.
 *
 * @returns a function that gives the names of the outputs that want the event, in the order of the routes.
 */
export function createRouter(
  routes: readonly { readonly name: string; readonly wants: (event: Event) => boolean }[],
): (event: Event) => readonly string[] {
  const root: Fork = { names: Object.freeze([]) as readonly string[] };
  return (event) => {
    let fork = root;
    for (const { name, wants } of routes) {
      if (wants(event)) fork = fork.wanted ??= { names: Object.freeze([...fork.names, name]) };
      else fork = fork.unwanted ??= { names: fork.names };
    }
    return fork.names;
  };
}
