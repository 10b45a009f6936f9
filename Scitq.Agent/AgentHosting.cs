using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;
using Scitq.Agent.Claims;
using Scitq.Agent.Disk;
using Scitq.Agent.Journal;
using Scitq.Agent.Logs;
using Scitq.Agent.Machine;
using Scitq.Agent.Parts;
using Scitq.Agent.Reports;
using Scitq.Agent.Reuse;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Slots;
using Scitq.Agent.Staging;
using Scitq.Agent.Workers;
using Scitq.Hosting;
using Scitq.Hosting.Configuration;

namespace Scitq.Agent;

/// <summary>Makes an agent part of a process.</summary>
public static class AgentHosting
{
    /// <summary>An agent with its own connections to RabbitMQ.</summary>
    public static IHostApplicationBuilder AddAgent(this IHostApplicationBuilder builder, OwnProgram? program = null) =>
        builder.Add(new AgentProcess(IsOwn: true, program), (options, services) => new RabbitMqAgentBus(
            options.Broker, options.Name, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<RabbitMqAgentBus>>()));

    /// <summary>An agent on the in-memory bus of the process, which is started before it.</summary>
    public static IHostApplicationBuilder AddAgentInProcess(this IHostApplicationBuilder builder) =>
        builder.Add(new AgentProcess(IsOwn: false), (options, services) => new InMemoryAgentBus(
            services.GetRequiredService<IBus>(), options.Name, services.GetRequiredService<TimeProvider>()));

    private static IHostApplicationBuilder Add(
        this IHostApplicationBuilder builder, AgentProcess process, Func<AgentOptions, IServiceProvider, IAgentBus> bus)
    {
        builder.Services.TryAddSingleton<TimeProvider>(BootTime.Instance);
        builder.Services.AddServiceOptions<AgentOptions>();
        builder.Services.AddSingleton(process).AddSingleton(services => bus(services.GetRequiredService<AgentOptions>(), services));
        builder.Services.AddRuntimes().AddAgentParts();
        // A drain waits for what runs, however long that takes; a second signal ends it.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        return builder;
    }

    /// <summary>All of the agent but its options, its process, its bus, its runtimes and its clock.</summary>
    internal static IServiceCollection AddAgentParts(this IServiceCollection services) => services
        .AddSingleton<ObservedTasks>()
        .AddSingleton<HeartbeatSignal>()
        .AddJournal()
        .AddMachine()
        .AddSlots()
        .AddDisk()
        .AddStaging()
        .AddReports()
        .AddLogs()
        .AddReuse()
        .AddAttempts()
        .AddClaims()
        .AddWorker()
        .AddInbox();
}
