/**
 * An ascending set of journal positions, kept as runs: a batch of a million consecutive events costs two
 * numbers, the worst case (every other event) a few bytes per event on disk.
 */
export class PositionSet {
  /** Flat pairs: first, last, first, last … */
  readonly #runs: number[] = [];
  #count = 0;

  /** @example PositionSet.of(1, 2, 3, 7).count // 4 */
  static of(...positions: readonly number[]): PositionSet {
    const set = new PositionSet();
    for (const position of positions) set.push(position);
    return set;
  }

  /** Flat pairs of first and last position, ascending, neither overlapping nor touching. */
  static fromRuns(runs: Iterable<readonly [first: number, last: number]>): PositionSet {
    const set = new PositionSet();
    for (const [first, last] of runs) set.pushRun(first, last);
    return set;
  }

  /** Appends a position greater than every one before it. @throws RangeError when it is not. */
  push(position: number): void {
    this.pushRun(position, position);
  }

  /** Appends all positions from first to last. @throws RangeError when they are not after the last one of the set. */
  pushRun(first: number, last: number): void {
    const runs = this.#runs;
    const previous = runs.at(-1) ?? 0;
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || first <= previous || last < first) {
      throw new RangeError(`positions must ascend: ${first}-${last} after ${previous}`);
    }
    if (runs.length > 0 && first === previous + 1) runs[runs.length - 1] = last;
    else runs.push(first, last);
    this.#count += last - first + 1;
  }

  get count(): number {
    return this.#count;
  }

  /** The smallest position, 0 when empty. */
  get first(): number {
    return this.#runs[0] ?? 0;
  }

  /** The greatest position, 0 when empty. */
  get last(): number {
    return this.#runs.at(-1) ?? 0;
  }

  /** The runs as pairs of first and last position. */
  *runs(): Generator<readonly [first: number, last: number]> {
    for (let i = 0; i < this.#runs.length; i += 2) yield [this.#runs[i]!, this.#runs[i + 1]!];
  }

  has(position: number): boolean {
    const runs = this.#runs;
    let low = 0;
    let high = runs.length / 2 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (position < runs[2 * middle]!) high = middle - 1;
      else if (position > runs[2 * middle + 1]!) low = middle + 1;
      else return true;
    }
    return false;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [first, last] of this.runs()) for (let p = first; p <= last; p++) yield p;
  }
}
