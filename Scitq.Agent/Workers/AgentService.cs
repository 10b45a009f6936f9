using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Parts;

namespace Scitq.Agent.Workers;

/// <summary>The agent as a service of its process: runs, and drains when it is stopped. When it can't go on, it stops the process and says why.</summary>
internal sealed partial class AgentService(
    AgentRun agent, Drain drain, AgentClosing closing, ObservedTasks tasks, AgentProcess process, IHostApplicationLifetime host, ILogger<AgentService> logger)
    : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _run = RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!process.Restarts) await drain.RunAsync(_run, cancellationToken);
        tasks.Stopping();
        await _stop.CancelAsync();
        await _run;
        await closing.RunAsync();
    }

    public void Dispose() => _stop.Dispose();

    [SuppressMessage("Design", "CA1031", Justification = "A part of the agent that dies must take the agent with it, not be forgotten.")]
    private async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await agent.RunAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopped in order.
        }
        catch (AgentRefusedException e)
        {
            Log.Refused(logger, e.Message);
            Environment.ExitCode = AgentRefusedException.ExitCode;
            host.StopApplication();
        }
        catch (Exception e)
        {
            Log.Died(logger, e);
            Environment.ExitCode = 1;
            host.StopApplication();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The coordinator refuses this agent: {Refusal}")]
        public static partial void Refused(ILogger logger, string refusal);

        [LoggerMessage(Level = LogLevel.Critical, Message = "The agent can't go on. Its tasks run on; start it again and it takes them up.")]
        public static partial void Died(ILogger logger, Exception e);
    }
}
