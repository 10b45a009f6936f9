using Scitq.Coordinator;
using Scitq.Messaging.Hosting;

OwnProcess.Close();
if (CoordinatorHost.ReadOptions(args, "scitq-coordinator", out var exitCode) is not { } started) return exitCode;
OwnProcess.ForgetSecrets();
return await CoordinatorHost.RunAsync(CoordinatorHost.Build(started.Options, started.Settings), "scitq-coordinator");
