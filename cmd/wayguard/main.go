// Command wayguard is the whole server for a delivery fleet in one binary.
//
//	wayguard serve --data DIR    run the server
//	wayguard demo                run it on a made-up town with a simulated fleet
//	wayguard replay …            run the engine over recorded tracks
//	wayguard notify preview …    print a message as it would be sent
//	wayguard bench               put load on a running server and measure it
//
// Every flag can be given as an environment variable, WAYGUARD_ and its name
// in capitals; secrets come from the environment or from files only. Exit
// status 0 is success, 1 a failure, 2 that what was given is wrong.
//
// This package wires the others together and holds no logic of its own but the
// demo's town and the readers of recorded tracks.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // depots have time zones, bare machines have none

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve  serveCmd  `cmd:"" help:"Run the server."`
	Demo   demoCmd   `cmd:"" help:"Run the server on a temporary folder, with a simulated fleet in a made-up town."`
	Replay replayCmd `cmd:"" help:"Run the geofence engine over recorded tracks and print the events."`
	Notify notifyCmd `cmd:"" help:"Look at notifications."`
	Bench  benchCmd  `cmd:"" help:"Put load on a running server and measure it, for sizing a machine."`
}

const (
	exitFailure = 1
	exitUsage   = 2
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A reader that goes away, such as head, is an error of writing and no
	// reason to end without tidying up.
	signal.Ignore(syscall.SIGPIPE)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	parser, err := kong.New(new(commands),
		kong.Name("wayguard"),
		kong.Description("A self-hosted server for delivery fleets: MQTT in, geofence events and a live map out."),
		kong.DefaultEnvars("WAYGUARD"),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		panic(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		if wrong := new(kong.ParseError); errors.As(err, &wrong) && len(args) == 0 {
			// Nothing was asked for: tell what can be.
			_ = wrong.Context.PrintUsage(false)
		}
		parser.Errorf("%s (see wayguard --help)", err)
		return exitUsage
	}
	return exitStatus(parsed.Run())
}

func exitStatus(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "wayguard:", err)
	if wrong := new(inputError); errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailure
}

// logging is the part of a command line that says what to log.
type logging struct {
	LogLevel  slog.Level `default:"info" help:"Least level to log: debug, info, warn or error."`
	LogFormat string     `enum:"text,json" default:"text" help:"Format of the log on standard error: ${enum}."`
}

func (l logging) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: l.LogLevel}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
