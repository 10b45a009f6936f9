using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Scitq.Agent.Attempts;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Agent;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Agent;

/// <summary>An agent, composed as in its program, with another bus and another runtime.</summary>
internal sealed class AgentInTest : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IHostedService _agent;

    public AgentInTest(AgentOptions options, IAgentBus bus, IRuntime runtime, IHostApplicationLifetime lifetime, bool ownProcess = true)
    {
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton(lifetime)
            .AddSingleton(bus)
            .AddSingleton(new AgentProcess(ownProcess))
            .AddSingleton(new RuntimeSet(runtime, docker: null))
            .AddSingleton(options)
            .AddAgentParts()
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true });
        _agent = _services.GetRequiredService<IHostedService>();
    }

    public Task StartAsync() => _agent.StartAsync(CancellationToken.None);

    public Task StopAsync(CancellationToken ct) => _agent.StopAsync(ct);

    /// <summary>Whether the agent may no longer count on this attempt being its own.</summary>
    public bool HasLapsed(AttemptKey key) => _services.GetRequiredService<Leases>().Left(key) <= TimeSpan.Zero;

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
