// C2SP chunked-encryption, Cobblestone-256, by Go's standard library and the specification: https://c2sp.org/chunked-encryption
// Standard input holds a list of tasks in JSON, standard output gets the list of their results.
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"errors"
	"log"
	"os"
)

const (
	chunkBytes      = 16 * 1024
	tagBytes        = 16
	saltBytes       = 24
	commitmentBytes = 32
)

// A task: to seal bytes, or to open them. Byte slices are base64.
type task struct {
	Seal    bool
	Key     []byte
	Context []byte
	Bytes   []byte
}

type result struct {
	Bytes []byte `json:"bytes"`
	Error string `json:"error,omitempty"`
}

func main() {
	var tasks []task
	if err := json.NewDecoder(os.Stdin).Decode(&tasks); err != nil {
		log.Fatal(err)
	}
	results := make([]result, 0, len(tasks))
	for _, t := range tasks {
		do := open
		if t.Seal {
			do = seal
		}
		bytes, err := do(t.Key, t.Context, t.Bytes)
		if err != nil {
			results = append(results, result{Error: err.Error()})
		} else {
			results = append(results, result{Bytes: bytes})
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(results); err != nil {
		log.Fatal(err)
	}
}

func derive(key, salt, context []byte) (aead cipher.AEAD, baseNonce, commitment []byte, err error) {
	info := "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + string(salt) + string(context)
	derived, err := hkdf.Expand(sha512.New, key, info, 32+12+commitmentBytes)
	if err != nil {
		return nil, nil, nil, err
	}
	block, err := aes.NewCipher(derived[:32])
	if err != nil {
		return nil, nil, nil, err
	}
	aead, err = cipher.NewGCM(block)
	return aead, derived[32:44], derived[44:], err
}

func nonceOf(baseNonce []byte, number uint64) []byte {
	nonce := append([]byte(nil), baseNonce...)
	low := binary.BigEndian.Uint64(nonce[4:])
	binary.BigEndian.PutUint64(nonce[4:], low^number)
	return nonce
}

func seal(key, context, plain []byte) ([]byte, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	aead, baseNonce, commitment, err := derive(key, salt, context)
	if err != nil {
		return nil, err
	}
	sealed := append(salt, commitment...)
	for number := uint64(0); ; number++ {
		chunk := plain[:min(chunkBytes, len(plain))]
		plain = plain[len(chunk):]
		sealed = aead.Seal(sealed, nonceOf(baseNonce, number), chunk, nil)
		if len(chunk) < chunkBytes {
			return sealed, nil
		}
	}
}

func open(key, context, sealed []byte) ([]byte, error) {
	if len(sealed) < saltBytes+commitmentBytes {
		return nil, errors.New("no room for salt and commitment")
	}
	salt, committed, sealed := sealed[:saltBytes], sealed[saltBytes:saltBytes+commitmentBytes], sealed[saltBytes+commitmentBytes:]
	aead, baseNonce, commitment, err := derive(key, salt, context)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(commitment, committed) != 1 {
		return nil, errors.New("the commitment does not fit")
	}
	plain := []byte{}
	for number := uint64(0); ; number++ {
		chunk := sealed[:min(chunkBytes+tagBytes, len(sealed))]
		sealed = sealed[len(chunk):]
		if plain, err = aead.Open(plain, nonceOf(baseNonce, number), chunk, nil); err != nil {
			return nil, err
		}
		if len(chunk) < chunkBytes+tagBytes {
			return plain, nil
		}
	}
}
