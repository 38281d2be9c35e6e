import { errorFamily } from '@chronicle/base'

/** Every way in which observe refuses. */
export const observeErrors = errorFamily('observe', {
  'observe.busy': {
    summary: 'As many events wait for the tables as the buffer takes',
    remedy:
      'Send the events again after the time in Retry-After; nothing of them was kept. /api/v1/health says what the tables wait for.',
  },
})
