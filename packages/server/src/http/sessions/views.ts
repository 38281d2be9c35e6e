import type { ChunkReceipt, SessionMetrics, SessionRoot, SessionView } from '@chronicle/sessions'

/** Sessions as HTTP shows them: names in snake case, sizes in bytes, times as RFC 3339. */

export function receiptView(receipt: ChunkReceipt): Record<string, unknown> {
  return {
    chunk_id: receipt.chunkId,
    session_id: receipt.sessionId,
    chunk_index: receipt.chunkIndex,
    plain_size: receipt.plainBytes,
    stored_size: receipt.storedBytes,
    sha256: receipt.sha256,
    leaf_index: receipt.leafIndex,
    leaf_hash: receipt.leafHash,
    key_id: receipt.keyId,
    processing_ms: receipt.processingMs,
    repeated: receipt.repeated,
  }
}

export function sessionView(session: SessionView): Record<string, unknown> {
  return {
    session_id: session.sessionId,
    state: session.state,
    created_at: timeView(session.createdMs),
    finalized_at: session.finalizedMs && timeView(session.finalizedMs),
    deleted_at: session.deletedMs && timeView(session.deletedMs),
    chunks: session.chunks,
    tree_size: session.treeSize,
    plain_size: session.plainBytes,
    stored_size: session.storedBytes,
    key_id: session.keyId,
  }
}

export function rootView(root: SessionRoot): Record<string, unknown> {
  return {
    session_id: root.sessionId,
    merkle_root: root.merkleRoot,
    tree_size: root.treeSize,
    checkpoint: root.checkpoint,
  }
}

export function metricsView(metrics: SessionMetrics): Record<string, unknown> {
  return {
    chunks_processed: metrics.chunksProcessed,
    chunks_failed: metrics.chunksFailed,
    chunks_repeated: metrics.chunksRepeated,
    chunks_refused: metrics.refused,
    plain_bytes: metrics.plainBytes,
    stored_bytes: metrics.storedBytes,
    queue_length: metrics.queueLength,
    queue_size: metrics.queueSize,
    workers_busy: metrics.workersBusy,
    workers: metrics.workers,
    sessions_open: metrics.openSessions,
  }
}

function timeView(ms: number): string {
  return new Date(ms).toISOString()
}
