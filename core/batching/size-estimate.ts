/** How much a newer batch counts against all before it. */
const WEIGHT = 0.3;
/** A batch below this says little: in a small file the headers weigh more than the events. */
const TELLING_BYTES = 1024 * 1024;
/** What a batch may claim: a destination that says it wrote nothing must not make batches endless. */
const LEAST = 1 / 1000;
const MOST = 10;

/** An estimate of the bytes at the destination, learnt from the batches delivered: a moving average of the ratio. */
export function createSizeEstimate(startingRatio: number) {
  let ratio = startingRatio;
  return {
    atDestination: (rawBytes: number): number => rawBytes * ratio,
    learn(rawBytes: number, destinationBytes: number): void {
      if (!(rawBytes > 0) || !Number.isFinite(destinationBytes)) return;
      const said = Math.min(MOST, Math.max(LEAST, destinationBytes / rawBytes));
      ratio += WEIGHT * Math.min(1, rawBytes / TELLING_BYTES) * (said - ratio);
    },
  };
}
