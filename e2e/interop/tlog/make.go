package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// made is a log that was made here, for the other side to verify.
type made struct {
	Key         string        `json:"key"`
	WitnessKey  string        `json:"witnessKey"`
	Checkpoint  []byte        `json:"checkpoint"`
	Proofs      []madeProof   `json:"proofs"`
	Consistency []consistency `json:"consistency"`
}

type madeProof struct {
	Index int64  `json:"index"`
	File  []byte `json:"file"`
}

type consistency struct {
	OldSize int64    `json:"oldSize"`
	OldRoot []byte   `json:"oldRoot"`
	Hashes  [][]byte `json:"hashes"`
}

// leafData is the SHA-256 of the index in eight bytes, big-endian.
func leafData(index int64) []byte {
	hash := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(index)))
	return hash[:]
}

func makeLog(directory string, size int64) (*made, error) {
	reader, err := grow(size)
	if err != nil {
		return nil, err
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if err := writeTile(directory, tile, reader); err != nil {
			return nil, err
		}
	}
	result, err := signed(size, reader)
	if err != nil {
		return nil, err
	}
	for _, index := range places(size - 1) {
		path, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			return nil, err
		}
		file := proof.TLogProof{Index: uint64(index), Checkpoint: result.Checkpoint, ExtraData: []byte("made in Go")}
		for _, hash := range path {
			file.Hashes = append(file.Hashes, hash)
		}
		result.Proofs = append(result.Proofs, madeProof{index, file.Marshal()})
	}
	for _, place := range places(size - 1) {
		oldSize := place + 1
		path, err := tlog.ProveTree(size, oldSize, reader)
		if err != nil {
			return nil, err
		}
		oldRoot, err := tlog.TreeHash(oldSize, reader)
		if err != nil {
			return nil, err
		}
		between := consistency{OldSize: oldSize, OldRoot: oldRoot[:], Hashes: [][]byte{}}
		for _, hash := range path {
			between.Hashes = append(between.Hashes, hash[:])
		}
		result.Consistency = append(result.Consistency, between)
	}
	return result, nil
}

// grow makes the tree of the first leaves.
func grow(size int64) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n := int64(0); n < size; n++ {
		added, err := tlog.StoredHashes(n, leafData(n), reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, added...)
	}
	return reader, nil
}

func writeTile(directory string, tile tlog.Tile, reader tlog.HashReader) error {
	data, err := tlog.ReadTileData(tile, reader)
	if err != nil {
		return err
	}
	path := filepath.Join(directory, tilePath(tile))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// signed makes the checkpoint, signed by a log and cosigned by a witness that exist only here.
func signed(size int64, reader tlog.HashReader) (*made, error) {
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		return nil, err
	}
	logSecret, logKey, err := note.GenerateKey(rand.Reader, "go.example/log")
	if err != nil {
		return nil, err
	}
	logSigner, err := note.NewSigner(logSecret)
	if err != nil {
		return nil, err
	}
	witnessSecret, witnessKey, err := note.GenerateKey(rand.Reader, "go.example/witness")
	if err != nil {
		return nil, err
	}
	witnessSigner, err := f_note.NewSignerForCosignatureV1(witnessSecret)
	if err != nil {
		return nil, err
	}
	cosignerKey, err := f_note.VKeyToCosignatureV1(witnessKey)
	if err != nil {
		return nil, err
	}
	head := f_log.Checkpoint{Origin: "go.example/log", Size: uint64(size), Hash: root[:]}
	checkpoint, err := note.Sign(&note.Note{Text: string(head.Marshal())}, logSigner, witnessSigner)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return &made{Key: logKey, WitnessKey: cosignerKey, Checkpoint: checkpoint}, nil
}

// places are some numbers from 0 to last: both ends, the middle, and what is beside the edges of tiles.
func places(last int64) []int64 {
	var found []int64
	for _, place := range []int64{0, 1, 127, 254, 255, 256, 257, 65535, 65536, last / 2, last - 1, last} {
		if place >= 0 && place <= last {
			found = append(found, place)
		}
	}
	return found
}
