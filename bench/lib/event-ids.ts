/** What the ids of numbered events begin with; found again in whatever a destination is sent. */
export const ID_MARK = 'b0b0b0b0-0000-4000-8000-';
/** Hexadecimal digits behind it. */
export const ID_DIGITS = 12;

/** The numbers of the events in a text, as often as they stand there. */
export function numbersIn(text: string): number[] {
  const numbers: number[] = [];
  for (let at = text.indexOf(ID_MARK); at >= 0; at = text.indexOf(ID_MARK, at + 1)) {
    const start = at + ID_MARK.length;
    numbers.push(Number.parseInt(text.slice(start, start + ID_DIGITS), 16));
  }
  return numbers;
}
