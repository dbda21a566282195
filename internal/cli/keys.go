package cli

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/levee-io/levee/internal/server"
)

// readKeys reads the accepted access keys from a file, if one is named, and from
// the environment. It returns nil, which accepts any key, if neither has any.
func readKeys(path string, getenv func(string) string) (server.Keys, error) {
	var keys server.Keys
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if keys, err = parseKeys(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if err := readPolicies(keys, filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	section := map[string]string{
		keyID:     getenv("LEVEE_ACCESS_KEY_ID"),
		keySecret: getenv("LEVEE_SECRET_ACCESS_KEY"),
		keyToken:  getenv("LEVEE_SESSION_TOKEN"),
		account:   getenv("LEVEE_ACCOUNT_ID"),
	}
	if section[keyID] == "" {
		return keys, nil
	}
	if keys == nil {
		keys = server.Keys{}
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
	keyToken  = "aws_session_token"
	account   = "aws_account_id"
	user      = "levee_user"
	policy    = "levee_policy" // a file with a policy document
)

// parseKeys reads a file of AWS credentials: sections with a name in brackets,
// and settings. Other settings than ours are passed over.
func parseKeys(text string) (server.Keys, error) {
	keys := server.Keys{}
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

// readPolicies puts the policy documents where parseKeys left the names of their
// files, which are relative to the directory of the file of keys.
func readPolicies(keys server.Keys, dir string) error {
	for id, key := range keys {
		if key.Policy == "" {
			continue
		}
		name := key.Policy
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key.Policy = string(text)
		keys[id] = key
	}
	return nil
}

func addSection(keys server.Keys, name string, section map[string]string) error {
	if section == nil {
		return nil
	}
	if err := addKey(keys, section); err != nil {
		return fmt.Errorf("[%s]: %w", name, err)
	}
	return nil
}

func addKey(keys server.Keys, section map[string]string) error {
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
	keys[id] = server.Key{Secret: section[keySecret], Account: section[account], User: section[user], Policy: section[policy], Token: section[keyToken]}
	return nil
}
