import { type Delivery, retry } from './delivery.ts';
import { reasonOf } from './reason.ts';

/** What became of a part of a batch; a throw means `retry`, so that it takes nothing with it that is delivered already. */
export async function settled(send: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await send();
  } catch (error) {
    return retry(reasonOf(error));
  }
}
