using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Scitq.Agent;
using Scitq.Agent.Bus;
using Scitq.Agent.Parts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Agent;

/// <summary>A part that declares which message it handles is all that is needed for the message to reach it.</summary>
[Trait("Level", "Unit")]
public sealed class InboxTests
{
    [Fact(Timeout = 30_000)]
    public async Task A_message_reaches_the_part_that_declares_it()
    {
        await using var services = Services().AddPart<Listener>().BuildServiceProvider();
        var inbox = services.GetRequiredService<IInbox>();
        Assert.Equal([typeof(StopAttempt)], inbox.Routes.Select(r => r.Message));
        var message = new StopAttempt(new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid()), Reason: null);
        await inbox.ReceiveAsync(message);
        Assert.Same(message, services.GetRequiredService<Listener>().Heard);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_part_that_fails_ends_nothing()
    {
        await using var services = Services().AddPart<Failing>().BuildServiceProvider();
        await services.GetRequiredService<IInbox>().ReceiveAsync(new Ping(Guid.NewGuid(), 1));
    }

    [Fact]
    public void Two_parts_can_not_take_the_same_message()
    {
        using var services = Services().AddPart<Failing>().AddPart<AlsoFailing>().BuildServiceProvider();
        Assert.Throws<ArgumentException>(services.GetRequiredService<IInbox>);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_agent_hears_all_that_coordinators_and_users_send_to_workers()
    {
        using var folder = new TestFolder();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IAgentBus>(new InMemoryAgentBus(null!, "w", TimeProvider.System))
            .AddSingleton(new RuntimeSet(new FakeRuntime(), docker: null))
            .AddSingleton(new AgentOptions { Name = "w", WorkDir = folder["work"] })
            .AddSingleton(new AgentProcess(IsOwn: true))
            .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
            .AddAgentParts()
            .BuildServiceProvider();
        Type[] expected =
        [
            typeof(CarryOut), typeof(ClaimsAnswered), typeof(ConfigureWorker), typeof(HeartbeatAnswered), typeof(OutputStored),
            typeof(PauseAttempt), typeof(Ping), typeof(ReportsAnswered), typeof(ReusableFound), typeof(StopAttempt), typeof(WorkerRegistered),
        ];
        Assert.Equal(expected, services.GetRequiredService<IInbox>().Routes.Select(r => r.Message).OrderBy(t => t.Name));
    }

    private static IServiceCollection Services() => new ServiceCollection().AddLogging().AddSingleton<ITaskTaker, NoTasks>().AddSingleton<IInbox, Inbox>();

    private sealed class NoTasks : ITaskTaker
    {
        public Task<bool> TakeAsync(TaskQueued task, CancellationToken connection) => Task.FromResult(false);
    }

    private sealed class Listener : IMessageHandler<StopAttempt>
    {
        public StopAttempt? Heard { get; private set; }

        public Task HandleAsync(StopAttempt message)
        {
            Heard = message;
            return Task.CompletedTask;
        }
    }

    private sealed class Failing : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message) => throw new InvalidOperationException("oops");
    }

    private sealed class AlsoFailing : IMessageHandler<Ping>
    {
        public Task HandleAsync(Ping message) => throw new InvalidOperationException("oops");
    }
}
