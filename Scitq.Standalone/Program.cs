using Scitq.Agent;
using Scitq.Coordinator;
using Scitq.Messaging.Hosting;

// Coordinator, one agent, a bus in memory and SQLite: all of Scitq in one process, with nothing to install.
OwnProcess.Close();
const string Program = "scitq-standalone";
const string Purpose = "Scitq in one process: queues tasks, runs them on this machine, keeps everything in one directory.";
if (ServiceArguments.Read(Program, Purpose, [.. CoordinatorHost.Options, .. AgentArguments.InProcess], args, out var exitCode) is not { } read) return exitCode;
if (CoordinatorHost.ToOptions(Program, read, ref exitCode, tasksBelow: true) is not { } options) return exitCode;

AgentOptions agent;
try
{
    var defaults = new AgentOptions { Concurrency = Environment.ProcessorCount, Prefetch = 2, WorkDir = Path.Combine(options.Data, "work") };
    agent = AgentArguments.Apply(defaults, read);
}
catch (ArgumentException e)
{
    await Console.Error.WriteLineAsync($"{Program}: {e.Message}");
    return 2;
}

OwnProcess.ForgetSecrets();
try
{
    return await CoordinatorHost.RunAsync(CoordinatorHost.Build(options, read, builder => builder.AddAgentInProcess(agent)), Program);
}
catch (AgentRefusedException e)
{
    await Console.Error.WriteLineAsync($"{Program}: {e.Message}");
    return AgentRefusedException.ExitCode;
}
catch (ArgumentException e)
{
    await Console.Error.WriteLineAsync($"{Program}: {e.Message}");
    return 2;
}
