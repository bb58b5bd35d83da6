import { createMemoryJournal } from '../../core/journal/memory.ts';
import { journalContract } from './journal.ts';

journalContract('memory', async () => ({
  open: async (options) => createMemoryJournal(options),
  dispose: async () => {},
}));
