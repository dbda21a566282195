package cli

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/levee-io/levee/internal/wire"
)

// readKeys reads the accepted access keys from a file, if one is named, and from
// the environment. It returns nil, which accepts any key, if neither has any.
func readKeys(path string, getenv func(string) string) (wire.Keys, error) {
	var keys wire.Keys
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if keys, err = parseKeys(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	section := map[string]string{
		keyID:     getenv("LEVEE_ACCESS_KEY_ID"),
		keySecret: getenv("LEVEE_SECRET_ACCESS_KEY"),
		account:   getenv("LEVEE_ACCOUNT_ID"),
	}
	if section[keyID] == "" {
		return keys, nil
	}
	if keys == nil {
		keys = wire.Keys{}
	}
	if err := addKey(keys, section); err != nil {
		return nil, fmt.Errorf("LEVEE_ACCESS_KEY_ID: %w", err)
	}
	return keys, nil
}

// The settings of a file of AWS credentials that count here.
const (
	keyID     = "aws_access_key_id"
	keySecret = "aws_secret_access_key"
	account   = "aws_account_id"
)

// parseKeys reads a file of AWS credentials: sections with a name in brackets,
// and settings. Other settings than ours are passed over.
func parseKeys(text string) (wire.Keys, error) {
	keys := wire.Keys{}
	var name string
	var section map[string]string // nil before the first section
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if head, ok := strings.CutPrefix(line, "["); ok {
			if err := addSection(keys, name, section); err != nil {
				return nil, err
			}
			name, section = strings.TrimSuffix(head, "]"), map[string]string{}
			continue
		}
		setting, value, ok := strings.Cut(line, "=")
		if !ok || section == nil {
			return nil, fmt.Errorf("line %d: want [name] or setting = value", n)
		}
		section[strings.ToLower(strings.TrimSpace(setting))] = strings.TrimSpace(value)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if err := addSection(keys, name, section); err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("there are no keys in it")
	}
	return keys, nil
}

func addSection(keys wire.Keys, name string, section map[string]string) error {
	if section == nil {
		return nil
	}
	if err := addKey(keys, section); err != nil {
		return fmt.Errorf("[%s]: %w", name, err)
	}
	return nil
}

func addKey(keys wire.Keys, section map[string]string) error {
	id := section[keyID]
	if id == "" || section[keySecret] == "" {
		return fmt.Errorf("both %s and %s are needed", keyID, keySecret)
	}
	if _, ok := keys[id]; ok {
		return fmt.Errorf("%s %s stands twice", keyID, id)
	}
	if a := section[account]; a != "" && (len(a) != 12 || strings.Trim(a, "0123456789") != "") {
		return fmt.Errorf("%s has to be 12 digits, not %q", account, a)
	}
	keys[id] = wire.Key{Secret: section[keySecret], Account: section[account]}
	return nil
}
