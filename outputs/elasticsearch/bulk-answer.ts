import { type Delivery, deliveredExcept, type Refusal, retry } from '../../core/sdk/index.ts';

/** One item of an answer of `_bulk`. */
interface Item {
  readonly status?: number;
  readonly error?: {
    readonly type?: string;
    readonly reason?: string;
    readonly caused_by?: { readonly reason?: string };
  };
}

/** What `_bulk` answers. */
export interface BulkAnswer {
  readonly errors?: boolean;
  readonly items?: readonly Readonly<Record<string, Item>>[];
}

/** The errors that speak about a document; every other one is about the cluster, the index or the pipeline. */
const DOCUMENT_FAULTS: ReadonlySet<string> = new Set([
  'mapper_parsing_exception',
  'document_parsing_exception',
  'strict_dynamic_mapping_exception',
  'illegal_argument_exception',
]);

/**
 * What became of each document: a document that is there already (409) is delivered, one that the mapping refuses is rejected, every other
 * one is tried again.
 *
 * @param count of documents sent: an answer about fewer is none
 */
export function fromBulk(answer: BulkAnswer, count: number): Delivery {
  const items = answer.items ?? [];
  if (items.length !== count) return retry(`_bulk answered about ${items.length} of ${count} documents`);
  let denied = false;
  const refusals = items.flatMap((one, index): Refusal[] => {
    const { status = 0, error } = Object.values(one)[0] ?? {};
    if ((status >= 200 && status < 300) || status === 409) return [];
    denied ||= status === 401 || status === 403;
    const text = [error?.type, error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ');
    const again = !isDocumentFault(status, error);
    return [{ index, again, reason: again ? `a document was answered ${status}: ${text}` : text }];
  });
  return deliveredExcept(refusals, denied ? { denied } : {});
}

function isDocumentFault(status: number, error: Item['error']): boolean {
  // A pipeline that does not exist is an illegal argument too, and no document's fault.
  return status === 400 && DOCUMENT_FAULTS.has(error?.type ?? '') && !/pipeline/.test(error?.reason ?? '');
}
