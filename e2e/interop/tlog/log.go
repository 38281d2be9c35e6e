package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// runLog has Tessera append some batches, each of which it publishes only with the cosignatures that its policy asks for.
func runLog(directory, policy, secret string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy([]byte(policy))
	if err != nil {
		return err
	}
	driver, err := posix.New(ctx, posix.Config{Path: directory})
	if err != nil {
		return err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(10, 20*time.Millisecond).
		WithCheckpointInterval(100*time.Millisecond).
		WithWitnesses(witnesses, &tessera.WitnessOptions{FailOpen: false})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return err
	}
	await := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	for batch := range 3 {
		for entry := range 10 {
			future := appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d of batch %d", entry, batch)))
			if entry < 9 {
				continue
			}
			if _, _, err := await.Await(ctx, future); err != nil {
				return err
			}
		}
	}
	if err := shutdown(ctx); err != nil {
		return err
	}
	checkpoint, err := reader.ReadCheckpoint(ctx)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(checkpoint)
	return err
}
