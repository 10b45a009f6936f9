using System.Globalization;
using System.Runtime.InteropServices;
using Scitq.Agent.Disk;
using Scitq.Agent.Files;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Debugging;

/// <summary>Prepares a task as an attempt is prepared, and gives its command the terminal.</summary>
internal sealed class TerminalRun(
    AgentOptions options, DebugOptions debug, RuntimeSet runtimes, WorkDirectories directories, ResourceCache resources, Stager stager)
{
    private const int Interrupted = 130;

    /// <summary>Runs it to its end, and gives its exit code.</summary>
    /// <exception cref="StartException">It can't be started here.</exception>
    /// <exception cref="Fetch.FetchException">What it reads can't be had.</exception>
    /// <exception cref="AgentRefusedException">The work directory can't be used.</exception>
    public async Task<int> RunAsync()
    {
        var task = DebuggedTask.Read(debug.TaskFile);
        if (debug.NoResource) task = task with { Spec = task.Spec with { Resources = [] } };
        using var held = WorkDirectoryLock.Take(options.WorkDir);
        using var interrupt = new CancellationTokenSource();
        var running = false;
        using var watch = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
        {
            // The terminal sends it to the command as well, whose end this is.
            context.Cancel = true;
            if (!running) interrupt.Cancel();
        });
        try
        {
            var directory = await PrepareAsync(task, interrupt.Token);
            Say($"task {task.Number} has its directories below {directory.Root}");
            if (task.Spec.Output is { } output) Say($"what it leaves in {directory.Output} is not delivered to {Masked.Text(output.Text)}");
            var secrets = options.Secrets.Resolve(task.Spec.Secrets, options.Name);
            var request = new RunRequest
            {
                Key = new AttemptKey(task.Id, 0, Guid.NewGuid()),
                Number = task.Number,
                Worker = options.Name,
                Spec = task.Spec with { Env = task.Spec.Env.Concat(secrets).ToDictionary() },
                Directory = directory,
                Cpu = Math.Max(1, Environment.ProcessorCount / Math.Max(1, options.Concurrency)),
            };
            running = true;
            return await runtimes.For(task.Spec).AtTerminalAsync(request, debug.Shell, Say, interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.IsCancellationRequested)
        {
            return Interrupted;
        }
    }

    private async Task<WorkDirectory> PrepareAsync(DebuggedTask task, CancellationToken ct)
    {
        var spec = task.Spec;
        var tasks = Path.Combine(Path.GetFullPath(options.WorkDir), "tasks");
        OwnDirectory.Make(tasks, OwnDirectory.AboveTasks);
        var directory = new WorkDirectory(Path.Combine(tasks, task.Number.ToString(CultureInfo.InvariantCulture)));
        var fetched = Path.Combine(directory.Root, "fetched");
        var owner = runtimes.OwnerOf(spec, options.Name);
        if (debug.Reuse && File.Exists(fetched))
        {
            foreach (var old in (ReadOnlySpan<string>)[directory.Output, directory.Temp, directory.Control]) directories.Delete(old);
            directory.Create(owner);
            return directory;
        }

        directories.Delete(directory.Root);
        directory.Create(owner);
        resources.Open();
        await stager.FetchAsync(spec, directory, Say, ct, runtimes.AccountOf(spec, options.Name));
        if (owner.Account is { } account) HandOver.ToAccount(directory.Input, account.Uid, account.Gid);
        else if (owner.Container) HandOver.ToContainer(directory.Input);
        await File.WriteAllTextAsync(fetched, "", ct);
        return directory;
    }

    private static void Say(string what) => Console.Error.WriteLine($"scitq: {what}");
}
