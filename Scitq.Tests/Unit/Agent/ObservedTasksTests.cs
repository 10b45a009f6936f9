using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Scitq.Agent.Parts;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class ObservedTasksTests
{
    [Fact(Timeout = 30_000)]
    public async Task Work_that_ends_is_nobodys_concern()
    {
        var tasks = new ObservedTasks(NullLogger<ObservedTasks>.Instance);
        var ran = new TaskCompletionSource();
        tasks.Run("the work", () =>
        {
            ran.SetResult();
            return Task.CompletedTask;
        });
        await ran.Task;
        Assert.False(tasks.Failure.IsCompleted);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_error_that_was_not_foreseen_is_logged_and_is_the_agents_failure(bool blocking)
    {
        var log = new Recorder();
        var tasks = new ObservedTasks(log);
        if (blocking) tasks.Run("the attempt of task 5", (Action)(() => throw new ArgumentException("oops")));
        else tasks.Run("the attempt of task 5", async () =>
        {
            await Task.Yield();
            throw new ArgumentException("oops");
        });
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => tasks.Failure);
        Assert.Contains("the attempt of task 5", error.Message, StringComparison.Ordinal);
        Assert.Equal("oops", error.InnerException!.Message);
        Assert.Equal((LogLevel.Error, "An error that was not foreseen has ended the attempt of task 5."), Assert.Single(log.Lines));
    }

    [Fact(Timeout = 30_000)]
    public async Task While_the_agent_stops_a_failure_is_only_told()
    {
        var log = new Recorder();
        var tasks = new ObservedTasks(log);
        tasks.Stopping();
        tasks.Run("the work", () => Task.FromException(new ObjectDisposedException("journal")));
        Assert.Equal(LogLevel.Warning, (await log.First).Level);
        Assert.False(tasks.Failure.IsCompleted);
    }

    private sealed class Recorder : ILogger<ObservedTasks>
    {
        private readonly TaskCompletionSource<(LogLevel Level, string Text)> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<(LogLevel Level, string Text)> Lines { get; } = [];

        public Task<(LogLevel Level, string Text)> First => _first.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Add((logLevel, formatter(state, exception)));
            _first.TrySetResult(Lines[0]);
        }
    }
}
