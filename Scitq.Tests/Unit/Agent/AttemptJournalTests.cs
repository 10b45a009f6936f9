using Scitq.Agent;
using Scitq.Agent.Journal;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tests.Servers;

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
        var end = new AttemptReport
            { Key = ended.Key, Stage = AttemptStage.Ended,
            Result = new AttemptResult { ExitCode = 3, Finished = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) } };
        Guid epoch;
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
        {
            epoch = journal.Epoch;
            await journal.GrantedAsync([kept, ended, forgotten]);
            journal.Ended(end);
            journal.Forgotten(forgotten.Key);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal(epoch, again.PreviousEpoch);
        Assert.Equal([kept.Key, ended.Key], again.Attempts().OrderBy(a => a.Number).Select(a => a.Key));
        Assert.Equal("echo 1", string.Join(' ', again.Attempts().Single(a => a.Key == kept.Key).Spec.Argv));
        Assert.Equal(3, again.Attempts().Single(a => a.Key == ended.Key).End!.Result!.ExitCode);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_restart_is_found_by_the_next_starts_until_its_outcome_is_known()
    {
        await using (var journal = Open())
        {
            Assert.Equal(0, journal.Restarted);
            await journal.RestartingAsync(7);
        }

        await using (var killed = Open()) Assert.Equal(7, killed.Restarted);
        await using (var next = Open())
        {
            Assert.Equal(7, next.Restarted);
            await next.RestartingAsync(0);
        }

        await using var last = Open();
        Assert.Equal(0, last.Restarted);

        AttemptJournal Open() => AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_torn_by_a_crash_is_passed_over()
    {
        var kept = Attempt(1);
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System)) await journal.GrantedAsync([kept]);
        var path = Path.Combine(_directory, "journal");
        await File.AppendAllTextAsync(path, """{"granted":{"key":{"taskId":"0b1c""");

        await using (var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
        {
            Assert.Equal(kept.Key, Assert.Single(again.Attempts()).Key);
            await again.GrantedAsync([Attempt(2)]);
        }

        await using var third = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal(2, third.Attempts().Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_grant_whose_flush_fails_is_not_taken_and_the_next_is_once_the_disk_is_well()
    {
        using var disk = new ThinDisk();
        var (kept, lost, next) = (Attempt(1), Attempt(2), Attempt(3));
        // Larger than what any block written before may have room for.
        lost = lost with { Spec = lost.Spec with { Argv = ["echo", new string('x', 3_000_000)] } };
        await using (var journal = AttemptJournal.Open(disk.Path, Guid.NewGuid(), TimeProvider.System))
        {
            await journal.GrantedAsync([kept]);
            disk.Break();
            await Assert.ThrowsAsync<IOException>(() => journal.GrantedAsync([lost]));
            Assert.NotNull(journal.Problem);
            journal.Forgotten(lost.Key);

            disk.Mend();
            await Eventually.Async(() => journal.Problem is null, "the journal is written anew");
            await journal.GrantedAsync([next]);
        }

        await using var again = AttemptJournal.Open(disk.Path, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal([kept.Key, next.Key], again.Attempts().OrderBy(a => a.Number).Select(a => a.Key));
    }

    [Fact(Timeout = 60_000)]
    public async Task History_does_not_pile_up()
    {
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
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

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal(7, Assert.Single(again.Attempts()).Number);
        Assert.True(new FileInfo(Path.Combine(_directory, "journal")).Length < 2000);
    }

    [Fact(Timeout = 30_000)]
    public async Task All_starts_since_the_last_registered_one_are_known()
    {
        var epochs = Enumerable.Range(0, 4).Select(_ => Guid.NewGuid()).ToArray();
        await OpenAsync(epochs[0], _ => { });
        await OpenAsync(epochs[1], journal => journal.Registered());
        await OpenAsync(epochs[2], journal => Assert.Equal([epochs[1]], journal.PreviousEpochs));
        await OpenAsync(epochs[3], journal => Assert.Equal([epochs[1], epochs[2]], journal.PreviousEpochs));
        for (var i = 0; i < 300; i++) await OpenAsync(Guid.NewGuid(), _ => { });
        await OpenAsync(Guid.NewGuid(), journal =>
        {
            Assert.Equal(epochs[1], journal.PreviousEpochs[0]);
            Assert.Equal(200, journal.PreviousEpochs.Count);
            journal.Registered();
        });
        await OpenAsync(Guid.NewGuid(), journal => Assert.Single(journal.PreviousEpochs));

        async Task OpenAsync(Guid epoch, Action<AttemptJournal> look)
        {
            await using var journal = AttemptJournal.Open(_directory, epoch, TimeProvider.System);
            look(journal);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task On_a_full_disk_nothing_is_granted_and_nothing_lost_and_with_space_it_goes_on()
    {
        using var disk = new ScratchDisk(megabytes: 1, at: _directory);
        var (first, ended, forgotten) = (Attempt(1), Attempt(2), Attempt(3));
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
        {
            await journal.GrantedAsync([first, ended, forgotten]);
            disk.Fill();
            // More than what is left of its last block.
            var big = Attempt(4) with { Spec = new TaskSpec { Argv = ["echo", new string('x', 20_000)] } };
            await Assert.ThrowsAsync<IOException>(() => journal.GrantedAsync([big]));
            journal.Forgotten(big.Key);
            Assert.Contains("No space left", journal.Problem, StringComparison.Ordinal);
            journal.Ended(new AttemptReport { Key = ended.Key, Stage = AttemptStage.Ended, Result = new AttemptResult { ExitCode = 3, Finished = default } });
            journal.Forgotten(forgotten.Key);
            await Assert.ThrowsAsync<IOException>(() => journal.GrantedAsync([Attempt(5)]));
            disk.Free();
            await Eventually.Async(() => journal.Problem is null, "it can be written again");
            await journal.GrantedAsync([Attempt(6)]);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        var known = again.Attempts().ToDictionary(a => a.Number);
        Assert.Equal([1, 2, 6], known.Keys.Where(n => n != 5).Order());
        Assert.Equal(3, known[2].End!.Result!.ExitCode);
    }

    [Fact(Timeout = 60_000)]
    public async Task It_opens_on_a_full_disk_with_all_it_knows()
    {
        using var disk = new ScratchDisk(megabytes: 1, at: _directory);
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System)) await journal.GrantedAsync([Attempt(1)]);
        disk.Fill();
        await using (var full = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
        {
            Assert.Equal(1, Assert.Single(full.Attempts()).Number);
            disk.Free();
            await Eventually.Async(() => full.Problem is null, "it can be written");
            await full.GrantedAsync([Attempt(2)]);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal(2, again.Attempts().Count);
        Assert.Equal(2, again.PreviousEpochs.Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_rewrite_that_fails_leaves_the_file_in_use()
    {
        using var disk = new ScratchDisk(megabytes: 12, at: _directory);
        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System))
        {
            await journal.GrantedAsync([Attempt(1)]);
            var big = Enumerable.Range(0, 20).Select(i => Attempt(100 + i) with { Spec = new TaskSpec { Argv = ["echo", new string('x', 50_000)] } }).ToArray();
            for (var round = 0; round < 5; round++)
            {
                await journal.GrantedAsync(big);
                foreach (var attempt in big) journal.Forgotten(attempt.Key);
                if (round == 3) disk.Fill(leave: 3_000_000);
            }

            Assert.Null(journal.Problem);
            await journal.GrantedAsync([Attempt(2)]);
        }

        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Equal([1, 2], again.Attempts().Select(a => a.Number).Order());
    }

    [Theory(Timeout = 30_000)]
    [InlineData("directory")]
    [InlineData("fifo")]
    [InlineData("link")]
    [InlineData("garbage")]
    public async Task Anything_in_its_place_is_replaced(string what)
    {
        foreach (var path in (string[])[Path.Combine(_directory, "journal"), Path.Combine(_directory, "journal.new")])
        {
            if (what == "directory") Directory.CreateDirectory(Path.Combine(path, "in"));
            else if (what == "fifo") Assert.Equal(0, await RunAsync("mkfifo", path));
            else if (what == "link") File.CreateSymbolicLink(path, "/nowhere/at/all");
            else await File.WriteAllBytesAsync(path, [0, 255, 10, 123, 125, 10, 110, 117, 108, 108, 10, 91, 10]);
        }

        await using (var journal = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System)) await journal.GrantedAsync([Attempt(1)]);
        await using var again = AttemptJournal.Open(_directory, Guid.NewGuid(), TimeProvider.System);
        Assert.Single(again.Attempts());
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync();
        return process.ExitCode;
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
