package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// claim is something that the other side says is true; which fields it has depends on its kind.
type claim struct {
	Kind        string   `json:"kind"`
	Note        []byte   `json:"note"`
	Key         string   `json:"key"`
	WitnessKeys []string `json:"witnessKeys"`
	Directory   string   `json:"directory"`
	Size        int64    `json:"size"`
	OldSize     int64    `json:"oldSize"`
	Index       int64    `json:"index"`
	Root        []byte   `json:"root"`
	OldRoot     []byte   `json:"oldRoot"`
	Leaf        []byte   `json:"leaf"` // leaf data, not hashed
	Hashes      [][]byte `json:"hashes"`
}

func (c claim) check() error {
	switch c.Kind {
	case "checkpoint":
		_, err := c.checkpoint(c.Note)
		return err
	case "inclusion":
		return tlog.CheckRecord(hashes(c.Hashes), c.Size, tlog.Hash(c.Root), c.Index, tlog.RecordHash(c.Leaf))
	case "consistency":
		return tlog.CheckTree(hashes(c.Hashes), c.Size, tlog.Hash(c.Root), c.OldSize, tlog.Hash(c.OldRoot))
	case "proof":
		return c.proof()
	case "tiles":
		return c.tiles()
	}
	return fmt.Errorf("unknown kind %q", c.Kind)
}

// checkpoint opens a checkpoint that the log and all witnesses have to have signed.
func (c claim) checkpoint(text []byte) (f_log.Checkpoint, error) {
	var checkpoint f_log.Checkpoint
	logVerifier, err := note.NewVerifier(c.Key)
	if err != nil {
		return checkpoint, err
	}
	verifiers := []note.Verifier{logVerifier}
	for _, key := range c.WitnessKeys {
		verifier, err := f_note.NewVerifierForCosignatureV1(key)
		if err != nil {
			return checkpoint, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	if err != nil {
		return checkpoint, err
	}
	if len(opened.Sigs) != len(verifiers) {
		return checkpoint, fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	rest, err := checkpoint.Unmarshal([]byte(opened.Text))
	if err == nil && len(rest) > 0 {
		err = errors.New("extension lines")
	}
	return checkpoint, err
}

func (c claim) proof() error {
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(c.Note); err != nil {
		return err
	}
	checkpoint, err := c.checkpoint(parsed.Checkpoint)
	if err != nil {
		return err
	}
	path := make(tlog.RecordProof, len(parsed.Hashes))
	for i, hash := range parsed.Hashes {
		path[i] = hash
	}
	root := tlog.Hash(checkpoint.Hash)
	return tlog.CheckRecord(path, int64(checkpoint.Size), root, int64(parsed.Index), tlog.RecordHash(c.Leaf))
}

// tiles has two readers check a directory: Go's own, which proves each hash it reads to be in the tree, and Tessera's fsck, which computes
// all tiles again from the entries.
func (c claim) tiles() error {
	checkpoint, err := c.checkpoint(c.Note)
	if err != nil {
		return err
	}
	tree := tlog.Tree{N: int64(checkpoint.Size), Hash: tlog.Hash(checkpoint.Hash)}
	reader := tlog.TileHashReader(tree, directoryTiles(c.Directory))
	const indexesAtOnce = 1024
	for first := int64(0); first < tree.N; first += indexesAtOnce {
		var indexes []int64
		for n := first; n < min(first+indexesAtOnce, tree.N); n++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
		}
		if _, err := reader.ReadHashes(indexes); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles have another root")
	}
	verifier, err := note.NewVerifier(c.Key)
	if err != nil {
		return err
	}
	fetcher := checkpointed{client.FileFetcher{Root: c.Directory}, c.Note}
	return fsck.New(checkpoint.Origin, verifier, fetcher, bundleHashes, fsck.Opts{N: 2}).Check(context.Background())
}

// checkpointed reads tiles from a directory, and a checkpoint that does not stand there.
type checkpointed struct {
	client.FileFetcher
	checkpoint []byte
}

func (c checkpointed) ReadCheckpoint(context.Context) ([]byte, error) { return c.checkpoint, nil }

func bundleHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var all [][]byte
	for _, entry := range entries.Entries {
		hash := tlog.RecordHash(entry)
		all = append(all, hash[:])
	}
	return all, nil
}

// directoryTiles reads tiles of C2SP tlog-tiles, whose paths leave out the height, which is always 8.
type directoryTiles string

const tileHeight = 8

func (directoryTiles) Height() int { return tileHeight }

func (d directoryTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		bytes, err := os.ReadFile(filepath.Join(string(d), tilePath(tile)))
		if err != nil {
			return nil, err
		}
		if len(bytes) != tile.W*sha256.Size {
			return nil, fmt.Errorf("%s has %d bytes", tilePath(tile), len(bytes))
		}
		data = append(data, bytes)
	}
	return data, nil
}

func (directoryTiles) SaveTiles([]tlog.Tile, [][]byte) {}

func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

func hashes(list [][]byte) []tlog.Hash {
	all := make([]tlog.Hash, len(list))
	for i, hash := range list {
		all[i] = tlog.Hash(hash)
	}
	return all
}
