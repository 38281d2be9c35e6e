// A judge of transparency logs in Go: golang.org/x/mod/sumdb for notes, trees and tiles, transparency-dev's formats for
// cosignatures and .tlog-proof files, and its Tessera for a whole log.
//
//	judge claims                    reads a JSON array of claims, answers with an array of what is wrong with each, "" for nothing
//	judge make DIRECTORY SIZE       makes a log with its tiles, and prints its checkpoint and proofs as JSON
//	judge log DIRECTORY POLICY KEY  has Tessera run a log whose checkpoints witnesses cosign, and prints the last one
//	judge witness KEY LOGKEY        cosigns the checkpoints of a log until its input ends; prints its URL
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "claims":
		var claims []claim
		if err := json.NewDecoder(os.Stdin).Decode(&claims); err != nil {
			return err
		}
		problems := make([]string, len(claims))
		for i, c := range claims {
			if err := c.check(); err != nil {
				problems[i] = err.Error()
			}
		}
		return json.NewEncoder(os.Stdout).Encode(problems)
	case len(arguments) == 3 && arguments[0] == "make":
		size, err := strconv.ParseInt(arguments[2], 10, 64)
		if err != nil {
			return err
		}
		made, err := makeLog(arguments[1], size)
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(made)
	case len(arguments) == 4 && arguments[0] == "log":
		return runLog(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 3 && arguments[0] == "witness":
		return runWitness(arguments[1], arguments[2])
	}
	return fmt.Errorf("unknown arguments %q", arguments)
}
