using System.Diagnostics;
using System.Text.Json.Nodes;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Systems;

namespace Scitq.Benchmarks.Runs;

/// <summary>scitq-fetch beside rclone: the same work at the same server, turn by turn, each as a process from its start to its end.</summary>
internal static class Transfer
{
    private const string Ours = "scitq-fetch", Theirs = "rclone";
    private const int SmallFiles = 2_000, SmallSize = 64 << 10, Listed = 20_000, ListedFolders = 20;

    public static async Task RunAsync(Bench bench)
    {
        if (bench.Options.Peers && !Rclone.IsInstalled) throw new BenchException("there is no rclone: apt-get install rclone.");
        var big = Path.Combine(bench.Folder, "big");
        await TestData.FileAsync(big, bench.Options.Bytes ?? 2_000_000_000);
        var small = Path.Combine(bench.Folder, "small");
        for (var i = 0; i < SmallFiles; i++) await TestData.FileAsync(Path.Combine(small, $"f{i:00000}"), SmallSize, seed: i);
        var listed = Path.Combine(bench.Folder, "listed");
        for (var i = 0; i < Listed; i++) await TestData.FileAsync(Path.Combine(listed, $"d{i % ListedFolders:00}", $"file-{i:00000}.txt"), 1, seed: i);

        foreach (var store in await ObjectStore.OpenAsync(bench))
        {
            Bench.Say($"{store.Name}: making {Listed} keys to list");
            await TimedProcess.RunAsync(bench, Bench.Clients, store.Environment, Bench.Program(Ours), ["copy", listed, store.OurUri("listed")]);
            var works = Works(bench, store, big, small);
            for (var round = 1; round <= bench.Options.Rounds; round++)
                foreach (var work in works) await work.RoundAsync(bench, store, round);
            foreach (var work in works) work.AddTo(bench, store);
            // Not earlier: ext4 is slow to make files while others were deleted within five seconds.
            Directory.Delete(Path.Combine(bench.Folder, "down"), recursive: true);
        }
    }

    private static List<Work> Works(Bench bench, ObjectStore store, string big, string small)
    {
        string Up(string who, int round, string what) => $"{what}-{who}-{round}";
        string Down(string who, int round, string what) => Path.Combine(bench.Folder, "down", Up(who, round, what));
        return
        [
            new Work("one large file, up",
                r => ["copy", big, store.OurUri(Up(Ours, r, "big"))],
                r => ["copyto", big, store.RclonePath(Up(Theirs, r, "big"))]),
            new Work("one large file, down",
                r => ["copy", store.OurUri(Up(Ours, r, "big")), Down(Ours, r, "big")],
                r => ["copy", store.RclonePath(Up(Theirs, r, "big")), Down(Theirs, r, "big")]),
            // By several streams, Debian's rclone loses the checksum that the blob carries, and verifies nothing.
            .. store.Name != "azure" ? Array.Empty<Work>() : [new Work("one large file, down, verified by both",
                r => ["copy", store.OurUri(Up(Ours, r, "big")), Down(Ours, r, "verified")],
                r => ["copy", "--multi-thread-streams", "0", store.RclonePath(Up(Theirs, r, "big")), Down(Theirs, r, "verified")])],
            new Work($"{SmallFiles} small files, up",
                r => ["copy", small, store.OurUri(Up(Ours, r, "small"))],
                r => ["copy", small, store.RclonePath(Up(Theirs, r, "small"))]),
            new Work($"{SmallFiles} small files, down",
                r => ["copy", store.OurUri(Up(Ours, r, "small") + "/"), Down(Ours, r, "small")],
                r => ["copy", store.RclonePath(Up(Theirs, r, "small")), Down(Theirs, r, "small")]),
            new Work($"a listing of {Listed} keys",
                _ => ["rlist", store.OurUri("listed")],
                // Otherwise rclone asks for each object, to learn the time that it has kept in its metadata.
                _ => ["lsf", "-R", "--format", "pst", "--use-server-modtime", store.RclonePath("listed")]),
        ];
    }

    /// <summary>The arguments of both programs for the same work, by round.</summary>
    private sealed record Work(string Name, Func<int, string[]> OurArguments, Func<int, string[]> TheirArguments)
    {
        private readonly Dictionary<string, List<(Usage Usage, double PeakMb)>> _rounds = [];

        public async Task RoundAsync(Bench bench, ObjectStore store, int round)
        {
            // Who comes first changes, so that neither always finds the caches warm.
            foreach (var ours in round % 2 == 1 ? (bool[])[true, false] : [false, true])
            {
                if (!ours && !bench.Options.Peers) continue;
                // What the one before wrote is written out first, or who comes second finds the disk quieter.
                using (var sync = Process.Start("sync")) await sync.WaitForExitAsync();
                var (who, program) = ours ? (Ours, Bench.Program(Ours)) : (Theirs, Rclone.Program);
                var measured = await TimedProcess.RunAsync(bench, who, store.Environment, program, ours ? OurArguments(round) : TheirArguments(round));
                if (!_rounds.TryGetValue(who, out var list)) _rounds[who] = list = [];
                list.Add(measured);
                Bench.Say($"{store.Name}, {Name}: {who} {measured.Usage.Seconds:0.00} s, {measured.Usage.Cpu[who]:0.00} CPU s, server "
                    + $"{measured.Usage.Cpu.GetValueOrDefault(store.Server):0.00} CPU s, {measured.PeakMb:0} MiB; others {measured.Usage.Others:P0}");
            }
        }

        public void AddTo(Bench bench, ObjectStore store)
        {
            foreach (var (who, rounds) in _rounds)
            {
                bench.Report.Add(who,
                    ("store", store.Name),
                    ("work", Name),
                    ("seconds", Report.Round(Median(who, u => u.Usage.Seconds))),
                    ("cpu_seconds", Report.Round(Median(who, u => u.Usage.Cpu[who]))),
                    ("server_cpu_seconds", Report.Round(Median(who, u => u.Usage.Cpu.GetValueOrDefault(store.Server)))),
                    ("peak_rss_mb", Report.Round(rounds.Max(u => u.PeakMb))),
                    ("others_share", Report.Round(Median(who, u => u.Usage.Others))),
                    ("rounds_seconds", new JsonArray([.. rounds.Select(u => (JsonNode)Report.Round(u.Usage.Seconds))])));
            }

            if (!_rounds.ContainsKey(Theirs)) return;
            bench.Report.Ratio($"{store.Name}, {Name}: time of {Ours} / {Theirs}", Median(Ours, u => u.Usage.Seconds), Median(Theirs, u => u.Usage.Seconds), 1,
                atLeast: false);
            bench.Report.Target($"{store.Name}, {Name}: peak memory of {Ours}", _rounds[Ours].Max(u => u.PeakMb), 150, atLeast: false, " MiB");
        }

        private double Median(string who, Func<(Usage Usage, double PeakMb), double> of) => _rounds[who].Select(of).Median();
    }
}
