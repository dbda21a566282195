package dynamodb

// startBackground starts what runs beside the operations. No operation is
// running yet, so the counters start from what the store holds now.
func (e *Engine) startBackground() {
	e.background.Go(e.trimStreams)
	e.background.Go(e.forgetTokens)
	var list []counting
	for _, t := range e.catalog.tables {
		v := t.current.Load()
		e.awaitChanges(t, v.descriptor, nil)
		list = append(list, counting{v.prefix, &t.stats})
		if v.expiry != nil {
			e.startExpiry(t, v.expiry)
		}
		for i := range v.indexes {
			switch x := &v.indexes[i]; {
			case x.Backfilling && v.underIndex(x.Name) != nil: // not yet
			case x.Backfilling:
				e.startBackfill(t, x.Number)
			default:
				list = append(list, counting{x.prefix, x.stats})
			}
		}
	}
	if len(list) == 0 {
		return
	}
	snapshot := e.store.Snapshot()
	e.background.Go(func() { e.countAll(snapshot, list) })
}
