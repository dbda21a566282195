package dynamodb

import (
	"encoding/json"
	"fmt"
	"path"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/salvage"
)

// Salvage writes what can be read of the tables of a store, which may be damaged:
// for each account/region/table a file table.json, which describes the table, and
// a file ndjson with a line {"Item":{...}} for each item, as exports have. It returns
// the number of items written.
func Salvage(run *salvage.Run) (items int, err error) {
	err = run.Each("the catalog", []byte{space, kindTable}, func(key, value []byte) error {
		d := new(descriptor)
		if err := json.Unmarshal(value, d); err != nil {
			run.Lost(fmt.Sprintf("descriptor %q: %v", key, err))
			return nil
		}
		n, err := run.Files(&salvage.Source{
			Name: path.Join("dynamodb", d.Account, d.Region, d.Name), Kind: "table", Described: value,
			What: "table " + d.arn(), Rows: itemPrefix(d.ID),
			Line: salvageItem, Row: func(key []byte) string { return fmt.Sprintf("row %x", key) },
		})
		items += n
		return err
	})
	return items, err
}

func salvageItem(to, _, raw []byte) ([]byte, error) {
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return nil, err
	}
	return append(item.AppendJSON(append(to, `{"Item":`...)), '}'), nil
}
