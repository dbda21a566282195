package surge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// inputLanes is how many producers share a file.
const inputLanes = 8

// recorded is the script made from a file of events. The members of a chat are all who ever write in it; those
// who write in more than one chat of their company are its managers.
type recorded struct {
	path  string
	sum   string // SHA-256 of the file, hexadecimal
	count int64  // events
	rooms map[string]*room
}

// room is a chat of the file.
type room struct {
	members, managers []string
}

// openRecorded reads the whole file once: it is valid to its last line before a single message is sent.
func openRecorded(path string) (*recorded, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &recorded{path: path, rooms: map[string]*room{}}
	sum := sha256.New()
	wrote := map[string]*room{} // member -> the only chat so far, nil if there are several
	for e, err := range readEvents(path, io.TeeReader(f, sum)) {
		if err != nil {
			return nil, err
		}
		r.count++
		if err := r.enter(e, wrote); err != nil {
			return nil, fmt.Errorf("%s: event %d: %w", path, r.count, err)
		}
	}
	if r.count == 0 {
		return nil, fmt.Errorf("%s: no events", path)
	}
	for _, room := range r.rooms {
		for _, m := range room.members {
			if wrote[m] == nil {
				room.managers = append(room.managers, m)
			}
		}
	}
	r.sum = hex.EncodeToString(sum.Sum(nil))
	return r, nil
}

// enter notes that the event's member is in its chat.
func (r *recorded) enter(e event, wrote map[string]*room) error {
	in := r.rooms[e.chat()]
	if in == nil {
		if len(r.rooms) == maxChats {
			return fmt.Errorf("more than %d chats", maxChats)
		}
		in = &room{}
		r.rooms[e.chat()] = in
	}
	member := e.member()
	if slices.Contains(in.members, member) {
		return nil
	}
	if len(in.members) == maxMembers {
		return fmt.Errorf("chat %q has more than %d members", e.Chat, maxMembers)
	}
	in.members = append(in.members, member)
	if _, seen := wrote[member]; seen {
		wrote[member] = nil
	} else {
		wrote[member] = in
	}
	return nil
}

func (r *recorded) plan() Plan { return Plan{Messages: int(r.count), Input: r.sum} }

// messages reads the file again and numbers the messages of each chat.
func (r *recorded) messages(int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		f, err := os.Open(r.path)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer f.Close()
		last := make(map[string]int64, len(r.rooms))
		for e, err := range readEvents(r.path, f) {
			var m Message
			if err == nil {
				m, err = r.message(e, last)
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func (r *recorded) message(e event, last map[string]int64) (Message, error) {
	chat := e.chat()
	in := r.rooms[chat]
	if in == nil || !slices.Contains(in.members, e.member()) {
		return Message{}, fmt.Errorf("%s changed while it was played", r.path)
	}
	last[chat]++
	return Message{
		Chat: chat, Seq: last[chat], Member: e.member(), Text: e.Text, Time: e.Time,
		Members: in.members, Managers: in.managers,
	}, nil
}

// lanes reads the file in one goroutine, started with the first lane, and deals the messages by chat.
func (r *recorded) lanes(ctx context.Context) []lane {
	type dealt struct {
		m   Message
		err error
	}
	hands := make([]chan dealt, inputLanes)
	for i := range hands {
		hands[i] = make(chan dealt, 256)
	}
	deal := func() {
		for m, err := range r.messages(0) {
			to := hands[fnv64(m.Chat)%inputLanes]
			select {
			case to <- dealt{m, err}:
			case <-ctx.Done():
				return
			}
		}
		for _, h := range hands {
			close(h)
		}
	}
	lanes := make([]lane, inputLanes)
	for i, hand := range hands {
		from := func(start int64) iter.Seq2[Message, error] {
			if i == 0 {
				go deal()
			}
			return func(yield func(Message, error) bool) {
				for {
					select {
					case <-ctx.Done():
						return
					case d, ok := <-hand:
						if !ok {
							return
						}
						if start > 0 && d.err == nil {
							start--
						} else if !yield(d.m, d.err) {
							return
						}
					}
				}
			}
		}
		lanes[i] = lane{name: fmt.Sprintf("file-%d", i), total: -1, from: from}
	}
	return lanes
}

// fnv64 is the FNV-1a hash, which is the same in every process: a chat stays in its lane.
func fnv64(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
