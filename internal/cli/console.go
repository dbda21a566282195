package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/console"
	"github.com/levee-io/levee/internal/rehearse"
	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/surge"
)

// consoleFlags say whether levee serve has a console.
type consoleFlags struct {
	ConsolePassword string `placeholder:"PASSWORD" env:"LEVEE_CONSOLE_PASSWORD" help:"Serve the console at /_levee/ to those who know this password."`
	NoConsole       bool   `help:"Serve no console. Without --console-password, there is one on a loopback address unless there is --auth."`
}

// config returns what the server is told, nil for no console. Without a password
// it is for whoever is on this machine, which with keys would be a way around them.
func (f *consoleFlags) config(addr string, keys server.Keys) *server.ConsoleConfig {
	if f.NoConsole || f.ConsolePassword == "" && (keys != nil || !isLoopback(addr)) {
		return nil
	}
	return &server.ConsoleConfig{Password: f.ConsolePassword, Surge: playSurge, Rehearse: playScenario}
}

// playSurge plays a surge that was started from the console. Settings as before go on
// with one that was cancelled.
func playSurge(ctx context.Context, endpoint string, s console.SurgeSettings, watch func(console.SurgeProgress)) (*console.SurgeReport, error) {
	cfg := surge.DefaultConfig()
	cfg.Endpoint, cfg.Embedded, cfg.Anew = endpoint, true, true
	cfg.Messages, cfg.Companies, cfg.Segment = s.Messages, s.Companies, s.Segment
	cfg.BaseRate, cfg.Rate, cfg.Consumers = s.BaseRate, s.Rate, s.Consumers
	cfg.Trouble, cfg.Seed = s.Trouble, s.Seed
	cfg.Watch = func(p surge.Snapshot) {
		watch(console.SurgeProgress{
			Phase: p.Phase, Elapsed: p.Elapsed, Planned: p.Planned, Sent: p.Sent, Stored: p.Stored, Propagated: p.Propagated,
			SentRate: p.SentRate, StoredRate: p.StoredRate, Copied: p.Copied, Waiting: p.Waiting, InFlight: p.InFlight,
			Oldest: p.Oldest, Killed: p.Killed, Lost: p.Lost, Resent: p.Resent, Dropped: p.Dropped,
		})
	}
	rep, err := surge.Run(ctx, cfg)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // and not how a request ended because of it
	}
	if err != nil {
		return nil, err
	}
	return surgeReport(rep), nil
}

// surgeReport is a report as the console shows it.
func surgeReport(rep *surge.Report) *console.SurgeReport {
	seconds := func(s float64) string {
		return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
	}
	out := &console.SurgeReport{OK: rep.OK, Queue: fmt.Sprintf("surge-%d.fifo", rep.Run), Figures: []console.SurgeFigure{
		{Name: "surge.all", Value: fmt.Sprint(rep.Sent)},
		{Name: "surge.sendtime", Value: fmt.Sprintf("%s (%.0f/s)", seconds(rep.SendSeconds), rep.SendRate)},
		{Name: "surge.draintime", Value: fmt.Sprintf("%s (%.0f/s)", seconds(rep.DrainSeconds), rep.DrainRate)},
		{Name: "surge.p50", Value: seconds(rep.Latency.P50)},
		{Name: "surge.p99", Value: seconds(rep.Latency.P99)},
		{Name: "surge.longest", Value: seconds(rep.Latency.Max)},
	}}
	for _, l := range rep.Audit {
		out.Audit = append(out.Audit, console.SurgeLine{OK: l.OK, Name: l.Name, Text: l.Text, Examples: l.Examples})
	}
	for _, name := range []string{"messages", "chats", "chat-badges", "manager-badges", "search"} {
		out.Tables = append(out.Tables, fmt.Sprintf("surge-%d-%s", rep.Run, name))
	}
	return out
}

// playScenario plays a scenario that was typed into the console. It may be anybody's
// who has the password, so it is given no file of this machine.
func playScenario(ctx context.Context, text string) (*console.Rehearsal, error) {
	s, err := rehearse.Read(strings.NewReader(text), nil)
	if errors.Is(err, rehearse.ErrFile) {
		return nil, errNamesFile
	}
	if err != nil {
		return nil, err
	}
	r, err := rehearse.Run(ctx, s)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		return nil, err
	}
	return &console.Rehearsal{Name: s.Name, Verdict: r.Verdict(), OK: r.Best() != nil, Report: page.Bytes()}, nil
}

// errNamesFile says what the console does not do.
var errNamesFile = errors.New("a scenario in the console names no file; use levee rehearse for one that does")
