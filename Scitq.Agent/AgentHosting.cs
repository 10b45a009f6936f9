using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Bus;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Agent.Runtimes.Native;
using Scitq.Agent.Workers;

namespace Scitq.Agent;

/// <summary>Makes an agent part of a process.</summary>
public static class AgentHosting
{
    /// <summary>An agent with its own connections to RabbitMQ.</summary>
    public static IHostApplicationBuilder AddAgent(this IHostApplicationBuilder builder, AgentOptions options) =>
        builder.Add(options, services => new RabbitMqAgentBus(new Uri(options.Bus), options.Name, services.GetRequiredService<ILogger<RabbitMqAgentBus>>()));

    /// <summary>An agent on the in-memory bus of the process, which is started before it.</summary>
    public static IHostApplicationBuilder AddAgentInProcess(this IHostApplicationBuilder builder, AgentOptions options) =>
        builder.Add(options, services => new InMemoryAgentBus(services.GetRequiredService<IBus>(), options.Name));

    private static IHostApplicationBuilder Add(this IHostApplicationBuilder builder, AgentOptions options, Func<IServiceProvider, IAgentBus> bus)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(bus);
        builder.Services.AddSingleton(services => Runtimes(options, services));
        builder.Services.AddSingleton<Worker>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Worker>());
        // A drain waits for what runs, however long that takes; a second signal ends it.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        return builder;
    }

    private static RuntimeSet Runtimes(AgentOptions options, IServiceProvider services)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return options.Runtime == "noop"
            ? new RuntimeSet(new NoopRuntime(time), docker: null, commandsRun: false)
            : new RuntimeSet(new NativeRuntime(new NativeOptions(), time, services.GetRequiredService<ILogger<NativeRuntime>>()),
                new DockerRuntime(DockerEngine.FromEnvironment(), options.DockerOptions == "restricted", time, services.GetRequiredService<ILogger<DockerRuntime>>()),
                nativeTasks: options.NativeTasks);
    }
}
