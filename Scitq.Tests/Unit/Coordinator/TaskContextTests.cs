using MassTransit;
using MassTransit.Saga;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Tasks.Saga;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Coordinator;

/// <summary>A table that sends would send before its rows are saved, and again with each conflict: so it can't, by either door.</summary>
[Trait("Level", "Unit")]
public sealed class TaskContextTests
{
    private static readonly CancelTask Message = new() { TaskId = Guid.NewGuid() };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Sending() => [nameof(Publishing.Publish), nameof(Publishing.Send), nameof(Publishing.Respond)];

    [Theory(Timeout = 10_000)]
    [MemberData(nameof(Sending))]
    public async Task A_table_that_sends_throws_by_the_bulk_door(string how)
    {
        var machine = new Publishing(how);
        var row = TaskUnderTest.Make(TaskState.Pending, Guid.Empty);
        var context = new BulkContext<CancelTask>(Message, row, new TaskEffects(), origin: null);
        var behavior = new MassTransitStateMachine<TaskSaga>.BehaviorContextProxy<CancelTask>(machine, context, context, machine.CancelRequested);
        var refused = await Assert.ThrowsAsync<NotSupportedException>(() => ((StateMachine<TaskSaga>)machine).RaiseEvent(behavior));
        Assert.Contains("ICommitObserver sends once they are saved", refused.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Sending))]
    public async Task A_table_that_sends_throws_by_the_sagas_door_and_nothing_is_saved(string how)
    {
        var store = new MemoryStore();
        var row = TaskUnderTest.Make(TaskState.Pending, Guid.Empty);
        store.Put(row);
        await using var loop = await CommitLoop.StartAsync(store);
        await using var services = new ServiceCollection().AddSingleton(how).AddSingleton(loop.Inbox).AddMassTransitTestHarness(TextWriter.Null, bus =>
        {
            bus.AddSagaStateMachine<Publishing, TaskSaga>().Repository(repository =>
                repository.AddSingleton<ISagaRepositoryContextFactory<TaskSaga>, TaskSagaRepository>());
            bus.UsingInMemory((context, configurator) => configurator.ReceiveEndpoint("tasks", endpoint => endpoint.ConfigureSaga<TaskSaga>(context)));
        }).BuildServiceProvider();
        var harness = services.GetRequiredService<ITestHarness>();
        await harness.Start();
        await (await harness.Bus.GetSendEndpoint(new Uri("queue:tasks"))).Send(new CancelTask { TaskId = row.CorrelationId });
        await Eventually.Async(() => harness.Consumed.Select(m => m.Exception is not null, Ct).Any(), "the message is a fault");
        var fault = harness.Consumed.Select(m => m.Exception is not null, Ct).First().Exception;
        Assert.IsType<NotSupportedException>(fault.GetBaseException());
        Assert.Empty(store.Saved);
        await harness.Stop();
    }

    [Fact]
    public void Everything_else_of_a_bulk_context_throws_or_works()
    {
        ConsumeContext context = new BulkContext<CancelTask>(Message, TaskUnderTest.Make(TaskState.Pending, Guid.Empty), new TaskEffects(), new Origin("me"));
        string[] works = ["Message", "Saga", "CorrelationId", "CancellationToken", "ReceiveContext", "SerializerContext", "IsCompleted"];
        foreach (var property in context.GetType().GetProperties().Where(p => !works.Contains(p.Name)))
            Assert.IsType<NotSupportedException>(
                Assert.ThrowsAny<System.Reflection.TargetInvocationException>(() => property.GetValue(context)).InnerException);
        Assert.Equal("me", context.Origin().By);
        Assert.NotNull(context.Effects());
        Assert.Throws<NotSupportedException>(() => context.ReceiveContext.Body);
    }

    /// <summary>A table with the line that somebody may add one day.</summary>
    internal sealed class Publishing : MassTransitStateMachine<TaskSaga>
    {
        public Publishing(string how)
        {
            InstanceState(x => x.CurrentState);
            Event(() => CancelRequested, e => e.CorrelateById(c => c.Message.TaskId));
            During(Pending, how switch
            {
                nameof(Publish) => When(CancelRequested).Publish(c => new RelaunchTask { TaskId = c.Message.TaskId }),
                nameof(Send) => When(CancelRequested).Send(new Uri("queue:anywhere"), c => new RelaunchTask { TaskId = c.Message.TaskId }),
                _ => When(CancelRequested).RespondAsync(c => c.Init<RelaunchTask>(new { c.Message.TaskId })),
            });
        }

        public static string Publish => nameof(Publish);

        public static string Send => nameof(Send);

        public static string Respond => nameof(Respond);

        public State Pending { get; private set; } = null!;

        public Event<CancelTask> CancelRequested { get; private set; } = null!;
    }
}
