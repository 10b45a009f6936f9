using Scitq.Benchmarks;
using Scitq.Benchmarks.Measuring;
using Scitq.Benchmarks.Runs;
using Scitq.Benchmarks.Systems;

if (args is ["help", ..])
{
    Console.Out.WriteLine(BenchOptions.Usage);
    return 0;
}

BenchOptions options;
Func<Bench, Task> run;
try
{
    options = BenchOptions.Read(args);
    run = options.Name switch
    {
        "protocol" => Protocol.RunAsync,
        "end-to-end" => EndToEnd.RunAsync,
        "submit" => Submit.RunAsync,
        "latency" => Latency.RunAsync,
        "million" => Million.RunAsync,
        "memory" => Memory.RunAsync,
        "staging" => Staging.RunAsync,
        "transfer" => Transfer.RunAsync,
        "transfer-memory" => TransferMemory.RunAsync,
        _ => throw new ArgumentException($"there is no benchmark '{options.Name}'."),
    };
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n{BenchOptions.Usage}");
    return 2;
}

try
{
    await using var bench = await Bench.StartAsync(options);
    await run(bench);
    bench.Report.Print(Console.Out);
    if (options.Json is not null) await bench.Report.WriteAsync(options.Json);
    return 0;
}
catch (Exception e) when (e is BenchException or HttpRequestException or IOException)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 1;
}
