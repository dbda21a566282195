package sqs

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"github.com/levee-io/levee/internal/kv"
)

// receipt is what a receipt handle says: which receive of which message it is.
type receipt struct {
	queue    uint32
	receives uint32 // as counted by that receive
	seq      uint64
}

// receipts makes and checks receipt handles. A handle is one AES block, the
// receipt, and its encryption under a key of the store. Encryption is a
// permutation that nobody without the key can guess, and the message is always
// exactly one block, so this is a message authentication code of full strength
// for a few nanoseconds.
type receipts struct{ block cipher.Block }

// handleBytes is the length of a handle before it is made text.
const handleBytes = 2 * aes.BlockSize

var handleText = base64.RawURLEncoding

// openReceipts reads the key of a store, which is made when there is none.
func openReceipts(store kv.Store) (receipts, error) {
	key, ok, err := store.Get(receiptKeyKey, nil)
	if err != nil {
		return receipts{}, err
	}
	if !ok {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		b := store.NewBatch()
		b.Set(receiptKeyKey, key)
		commit, err := store.Apply(b, kv.Sync)
		if err != nil {
			return receipts{}, err
		}
		if err := commit.Wait(); err != nil {
			return receipts{}, err
		}
	}
	block, err := aes.NewCipher(key)
	return receipts{block}, err
}

func (r receipts) handle(of receipt) string {
	raw := make([]byte, handleBytes)
	binary.BigEndian.PutUint32(raw, of.queue)
	binary.BigEndian.PutUint32(raw[4:], of.receives)
	binary.BigEndian.PutUint64(raw[8:], of.seq)
	r.block.Encrypt(raw[aes.BlockSize:], raw[:aes.BlockSize])
	return handleText.EncodeToString(raw)
}

// read returns what a handle of a queue says, or ReceiptHandleIsInvalid.
func (r receipts) read(handle string, queue uint32) (receipt, error) {
	if len(handle) != handleText.EncodedLen(handleBytes) {
		return receipt{}, errReceipt(handle)
	}
	raw := make([]byte, handleBytes, handleBytes+aes.BlockSize)
	if _, err := handleText.Decode(raw, []byte(handle)); err != nil {
		return receipt{}, errReceipt(handle)
	}
	tag := raw[handleBytes : handleBytes+aes.BlockSize]
	r.block.Encrypt(tag, raw[:aes.BlockSize])
	of := receipt{
		queue:    binary.BigEndian.Uint32(raw),
		receives: binary.BigEndian.Uint32(raw[4:]),
		seq:      binary.BigEndian.Uint64(raw[8:]),
	}
	if subtle.ConstantTimeCompare(tag, raw[aes.BlockSize:handleBytes]) != 1 || of.queue != queue {
		return receipt{}, errReceipt(handle)
	}
	return of, nil
}
