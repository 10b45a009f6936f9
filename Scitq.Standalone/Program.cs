using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Agent;
using Scitq.Coordinator;
using Scitq.Hosting;
using Scitq.Hosting.Configuration;

// Coordinator, one agent, a bus in memory and SQLite: all of Scitq in one process, with nothing to install.
OwnProcess.Close();
const string Purpose = "Scitq in one process: queues tasks, runs them on this machine, keeps everything in one directory.";
var program = new ServiceProgram("scitq-standalone", Purpose, [.. CoordinatorProgram.Common, .. AgentProgram.InProcess])
{
    Defaults =
    [
        .. CoordinatorProgram.Defaults,
        new("Agent:Concurrency", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        new("Agent:Prefetch", "2"),
    ],
    Lists = CoordinatorProgram.Lists,
};
return await program.RunAsync(args, async configuration =>
{
    OwnProcess.ForgetSecrets();
    var app = CoordinatorHost.Build(configuration, builder =>
    {
        builder.AddAgentInProcess();
        builder.Services.AddOptions<AgentOptions>().Configure<CoordinatorOptions>(
            (agent, coordinator) => agent.WorkDir = Path.Combine(coordinator.Data, "work"));
    });
    return await CoordinatorHost.RunAsync(app, tasksBelow: true);
});
