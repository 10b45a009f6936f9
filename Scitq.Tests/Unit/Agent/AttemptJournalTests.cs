using Scitq.Agent;
using Scitq.Agent.Journal;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class AttemptJournalTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("scitq-journal-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact(Timeout = 30_000)]
    public async Task What_was_granted_and_not_forgotten_is_found_again()
    {
        var (kept, ended, forgotten) = (Attempt(1), Attempt(2), Attempt(3));
        var end = new AttemptReport { Key = ended.Key, Stage = AttemptStage.Ended, Result = new AttemptResult { ExitCode = 3, Finished = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) } };
        Guid epoch;
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid()))
        {
            epoch = journal.Epoch;
            await journal.GrantedAsync([kept, ended, forgotten]);
            journal.Ended(end);
            journal.Forgotten(forgotten.Key);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid());
        Assert.Equal(epoch, again.PreviousEpoch);
        Assert.Equal([kept.Key, ended.Key], again.Attempts().OrderBy(a => a.Number).Select(a => a.Key));
        Assert.Equal("echo 1", string.Join(' ', again.Attempts().Single(a => a.Key == kept.Key).Spec.Argv));
        Assert.Equal(3, again.Attempts().Single(a => a.Key == ended.Key).End!.Result!.ExitCode);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_torn_by_a_crash_is_passed_over()
    {
        var kept = Attempt(1);
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid())) await journal.GrantedAsync([kept]);
        var path = Path.Combine(_directory, "journal");
        await File.AppendAllTextAsync(path, """{"granted":{"key":{"taskId":"0b1c""");

        await using (var again = AttemptJournal.Open(_directory, Guid.NewGuid()))
        {
            Assert.Equal(kept.Key, Assert.Single(again.Attempts()).Key);
            await again.GrantedAsync([Attempt(2)]);
        }

        await using var third = AttemptJournal.Open(_directory, Guid.NewGuid());
        Assert.Equal(2, third.Attempts().Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task History_does_not_pile_up()
    {
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid()))
        {
            for (var round = 0; round < 100; round++)
            {
                var attempts = Enumerable.Range(0, 300).Select(i => Attempt(i)).ToArray();
                await journal.GrantedAsync(attempts);
                foreach (var attempt in attempts) journal.Forgotten(attempt.Key);
            }

            await journal.GrantedAsync([Attempt(7)]);
            Assert.True(new FileInfo(Path.Combine(_directory, "journal")).Length < 5 * 1024 * 1024);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid());
        Assert.Equal(7, Assert.Single(again.Attempts()).Number);
        Assert.True(new FileInfo(Path.Combine(_directory, "journal")).Length < 2000);
    }

    [Fact]
    public void Two_agents_never_share_a_work_directory()
    {
        using (WorkDirectoryLock.Take(_directory))
        {
            var refused = Assert.Throws<AgentRefusedException>(() => WorkDirectoryLock.Take(_directory));
            Assert.Contains("in use by another agent", refused.Message, StringComparison.Ordinal);
        }

        using var after = WorkDirectoryLock.Take(_directory);
    }

    private static JournalledAttempt Attempt(long number) =>
        new(new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid()), number, new TaskSpec { Argv = ["echo", $"{number}"] });
}
