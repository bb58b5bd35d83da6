export { createFakeClock, type FakeClock } from '../../core/testing/fake-clock.ts';
