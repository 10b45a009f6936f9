using Scitq.Coordinator;

if (CoordinatorHost.ReadOptions(args, "scitq-coordinator", out var exitCode) is not { } started) return exitCode;
return await CoordinatorHost.RunAsync(CoordinatorHost.Build(started.Options, started.Settings), "scitq-coordinator");
