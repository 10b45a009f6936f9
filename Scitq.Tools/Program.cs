using Scitq.Access.CommandLine;
using Scitq.Tools;
using Scitq.Tools.Fetch;

// One executable, three commands: which one is told by the name it was called by.
using var io = ToolIo.OfProcess();
var name = CalledAs.Read();
var given = name == FetchCommand.Program ? ExactArguments.Of(args) : args;
Argv.Hide();
return await Commands.RunAsync(name, given, io);
