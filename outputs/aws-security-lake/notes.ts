/** The text of the output's page, beside its options. */
export const notes = `Each object is \`ext/{source}[/{version}]/region={region}/accountId={account}/eventDay={YYYYMMDD}/{batch id}.parquet\`. The day is
the UTC day of the event itself: a late event goes to its own day, and the log tells; an event from the future (\`max_future\`) is set aside.
Its name is that of the batch, written with \`If-None-Match: *\`: a replay after any crash finds the object there and writes no second one.

Needs \`s3:PutObject\` below the source's prefix, and nothing else. One PutObject, SHA-256 with it; no ACL, no tags, no encryption headers, no multipart.
Credentials: the default chain of AWS (environment, profile, IRSA, Pod Identity, ECS, IMDS), static keys, or \`assume_role\`, renewed before they expire.

A batch is closed after \`batch.every\` (5m to 24h) or at \`batch.size\` (256 MB and more), as AWS asks of custom sources. \`batch.events\` closes
objects more often than AWS asks for; use it to try things out.

Retried, however long it takes: network faults, 403 and expired tokens (the breaker opens at once), a missing bucket, a wrong region, 503 SlowDown, and every
other answer of S3; the file made is kept for the next attempt. Set aside: events that the mapper refuses (\`validation: strict\`), whose time is in
the future, or whose \`account_id_from\` is no account. A batch without any row writes no object.

One source holds one OCSF class: give every output a source of its own.`;
