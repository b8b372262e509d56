fn main() {
    cofferdam::main();
}
