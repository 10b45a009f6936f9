using MassTransit;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Tasks;

namespace Scitq.Coordinator.Bus;

/// <summary>Takes the reports of workers about their attempts.</summary>
internal sealed class ReportsConsumer(TaskInbox inbox, LogStore logs, ITopology topology) : IConsumer<AttemptReports>
{
    public async Task Consume(ConsumeContext<AttemptReports> context)
    {
        var reports = context.Message;
        var ct = context.CancellationToken;

        // Output first: by the time a task is seen to have ended, all of its output is there.
        foreach (var report in reports.Items)
            foreach (var chunk in report.Output ?? [])
                await logs.AppendAsync(report.Key.TaskId, report.Key.Attempt, chunk, ct);

        await inbox.RaiseAsync([.. reports.Items.Select(r => Stimulus(reports.Worker, r))], ct);
        var ended = reports.Items.Where(r => r.Stage is AttemptStage.Ended or AttemptStage.Released).Select(r => r.Key).ToList();
        if (ended.Count > 0) await context.AnswerWorkerAsync(topology, reports.Worker, new ReportsAnswered { Recorded = ended });
    }

    private static TaskStimulus Stimulus(string worker, AttemptReport report) => report switch
    {
        { Stage: AttemptStage.Ended, Result: null } =>
            throw new InvalidDataException($"A report says that attempt {report.Key.Attempt} of task {report.Key.TaskId} has ended, but not how."),
        { Stage: AttemptStage.Ended } => TaskStimulus.For(report.Key.TaskId, m => m.AttemptEnded, new AttemptEnded(worker, report)),
        { Stage: AttemptStage.Released } => TaskStimulus.For(report.Key.TaskId, m => m.AttemptReleased, new AttemptReleased(worker, report)),
        _ => TaskStimulus.For(report.Key.TaskId, m => m.StageReported, new StageReported(worker, report)),
    };
}
