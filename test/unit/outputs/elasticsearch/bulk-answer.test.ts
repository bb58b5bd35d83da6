import { describe, expect, it } from 'vitest';
import { fromBulk } from '../../../../outputs/elasticsearch/bulk-answer.ts';

type Fault = { type?: string; reason?: string; caused_by?: { reason?: string } };
const answer = (...items: { status?: number; error?: Fault }[]) => ({
  errors: true,
  items: items.map((create) => ({ create })),
});

describe('fromBulk', () => {
  it.each([200, 201, 204, 299, 409])('takes a document answered %i for delivered', (status) => {
    expect(fromBulk(answer({ status }), 1)).toEqual({ status: 'delivered' });
  });

  it.each([199, 300, 401, 403, 404, 408, 429, 500, 503])('retries a document answered %i', (status) => {
    const denied = status === 401 || status === 403;
    expect(
      fromBulk(answer({ status: 201 }, { status, error: { type: 'x_exception', reason: 'busy' } }), 2),
    ).toEqual({
      status: 'retry',
      reason: `a document was answered ${status}: x_exception: busy`,
      failed: [1],
      ...(denied && { denied: true }),
    });
  });

  it.each([
    'mapper_parsing_exception',
    'document_parsing_exception',
    'strict_dynamic_mapping_exception',
    'illegal_argument_exception',
  ])('rejects a document for %s, with all causes', (type) => {
    const error = { type, reason: 'failed', caused_by: { reason: 'not a number' } };
    expect(fromBulk(answer({ status: 400, error }, { status: 201 }), 2)).toEqual({
      status: 'delivered',
      rejected: [{ index: 0, reason: `${type}: failed: not a number` }],
    });
    // The same words with another status are about the cluster.
    expect(fromBulk(answer({ status: 500, error }), 1)).toMatchObject({ status: 'retry', failed: [0] });
  });

  it('retries a 400 that is about something else', () => {
    const faults: (Fault | undefined)[] = [
      undefined,
      {},
      { type: 'index_closed_exception' },
      { type: 'illegal_argument_exception', reason: 'pipeline with id [geo] does not exist' },
    ];
    for (const error of faults)
      expect(fromBulk(answer({ status: 400, ...(error && { error }) }), 1).status).toBe('retry');
  });

  it('retries all when the answer is about another number of documents, or about none', () => {
    expect(fromBulk(answer({ status: 201 }), 2)).toEqual({
      status: 'retry',
      reason: '_bulk answered about 1 of 2 documents',
    });
    expect(fromBulk(answer({ status: 201 }, { status: 201 }), 1)).toMatchObject({ status: 'retry' });
    expect(fromBulk({}, 1)).toMatchObject({ reason: '_bulk answered about 0 of 1 documents' });
    expect(fromBulk({ items: [{}] }, 1)).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('answered 0'),
    });
  });
});
