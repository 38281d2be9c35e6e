package main

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// witness cosigns checkpoints of one log, as C2SP tlog-witness says it.
type witness struct {
	log    note.Verifier
	signer note.Signer

	mutex  sync.Mutex
	latest map[string]tlog.Tree
}

// conflict is the answer to a log that takes the witness to be elsewhere.
type conflict struct{ size int64 }

func (c conflict) Error() string { return fmt.Sprintf("the witness is at %d", c.size) }

// runWitness prints the URL that it listens on, and answers until its input ends.
func runWitness(secret, logKey string) error {
	signer, err := f_note.NewSignerForCosignatureV1(secret)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(logKey)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w := &witness{log: verifier, signer: signer, latest: map[string]tlog.Tree{}}
	http.HandleFunc("POST /add-checkpoint", w.addCheckpoint)
	go http.Serve(listener, nil)
	fmt.Printf("http://%s\n", listener.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (w *witness) addCheckpoint(response http.ResponseWriter, request *http.Request) {
	line, err := w.cosign(http.MaxBytesReader(response, request.Body, 1<<20))
	var other conflict
	switch {
	case errors.As(err, &other):
		response.Header().Set("Content-Type", "text/x.tlog.size")
		response.WriteHeader(http.StatusConflict)
		fmt.Fprintf(response, "%d\n", other.size)
	case err != nil:
		http.Error(response, err.Error(), http.StatusUnprocessableEntity)
	default:
		response.Write(line)
	}
}

func (w *witness) cosign(body io.Reader) ([]byte, error) {
	oldSize, path, text, err := parseRequest(body)
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(text, note.VerifierList(w.log))
	if err != nil {
		return nil, err
	}
	var checkpoint f_log.Checkpoint
	if _, err := checkpoint.Unmarshal([]byte(opened.Text)); err != nil {
		return nil, err
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	latest := w.latest[checkpoint.Origin]
	if oldSize != latest.N {
		return nil, conflict{latest.N}
	}
	next := tlog.Tree{N: int64(checkpoint.Size), Hash: tlog.Hash(checkpoint.Hash)}
	if latest.N > 0 {
		if err := tlog.CheckTree(path, next.N, next.Hash, latest.N, latest.Hash); err != nil {
			return nil, err
		}
	}
	signed, err := note.Sign(&note.Note{Text: opened.Text}, w.signer)
	if err != nil {
		return nil, err
	}
	w.latest[checkpoint.Origin] = next
	return signed[len(opened.Text)+1:], nil
}

func parseRequest(body io.Reader) (oldSize int64, path tlog.TreeProof, checkpoint []byte, err error) {
	reader := bufio.NewReader(body)
	if _, err = fmt.Fscanf(reader, "old %d\n", &oldSize); err != nil {
		return
	}
	for {
		line, _, err := reader.ReadLine()
		if err != nil {
			return 0, nil, nil, err
		}
		if len(line) == 0 {
			break
		}
		hash, err := base64.StdEncoding.DecodeString(string(line))
		if err != nil || len(hash) != tlog.HashSize {
			return 0, nil, nil, errors.New("not a hash")
		}
		path = append(path, tlog.Hash(hash))
	}
	checkpoint, err = io.ReadAll(reader)
	return
}
