using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Scitq.Agent.Parts;

/// <summary>
/// Starts work that nobody awaits, and sees how it ends. An exception that the work did not foresee is the agent's failure: it is logged and handed to
/// whoever awaits <see cref="Failure"/>, which ends the agent in order.
/// </summary>
internal sealed partial class ObservedTasks(ILogger<ObservedTasks> logger)
{
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Never completes unless some work fails; then it faults with the first failure.</summary>
    public Task Failure => _failure.Task;

    /// <summary>From here on work fails because the parts that it needs are being closed.</summary>
    public void Stopping() => _stopping = true;

    /// <summary>Starts the work beside everything else.</summary>
    /// <param name="work">For the log, a subject: <c>the attempt of task 5</c>.</param>
    /// <param name="run">The work.</param>
    public void Run(string work, Func<Task> run) => _ = ObserveAsync(work, run);

    /// <summary>Starts work that blocks.</summary>
    public void Run(string work, Action run) => Run(work, () =>
    {
        run();
        return Task.CompletedTask;
    });

    [SuppressMessage("Design", "CA1031", Justification = "Nothing may vanish here, whatever it is.")]
    private async Task ObserveAsync(string work, Func<Task> run)
    {
        try
        {
            await Task.Run(run);
        }
        catch (Exception e) when (_stopping)
        {
            Log.Interrupted(logger, work, e.Message);
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, work);
            _failure.TrySetException(new InvalidOperationException($"An error that was not foreseen has ended {work}: {e.Message}", e));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "An error that was not foreseen has ended {Work}.")]
        public static partial void Failed(ILogger logger, Exception e, string work);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The end of the agent has interrupted {Work}: {Problem}")]
        public static partial void Interrupted(ILogger logger, string work, string problem);
    }
}
